// TypeScript to JavaScript: types are removed, enums, namespaces and parameter properties become code. Lines stay
// where they are. The program calls stripTypes(source) in a runtime of its own (src/script/typescript.c).
import { parse } from 'sucrase/dist/esm/parser/index';
import { transform } from 'sucrase';
import { lowerNamespaces } from './namespaces.mjs';

// What the parser stumbled over, in esbuild's words: {line, column (from 0), message}.
function describe(source, error) {
  const at = error.pos, rest = source.slice(at);
  const word = /^[\p{ID_Continue}$]+|^./su.exec(rest);
  const before = source.slice(0, at);
  const place = { line: before.split('\n').length, column: at - (before.lastIndexOf('\n') + 1) };
  const message = String(error.message).replace(/^Error transforming [^:]*: /, '').replace(/ \(\d+:\d+\)$/, '');
  const unexpected = word ? `Unexpected ${JSON.stringify(word[0])}` : 'Unexpected end of file';
  return { ...place, message: /^Unexpected token/.test(message) ? unexpected : message };
}

globalThis.stripTypes = (source) => {
  try {
    const mayHaveNamespaces = /\b(?:namespace|module)\s+[\p{ID_Start}$_]/u.test(source);
    const code = mayHaveNamespaces ? lowerNamespaces(source, parse(source, false, true, false).tokens) : source;
    return transform(code, { transforms: ['typescript'], disableESTransforms: true, preserveDynamicImport: true }).code;
  } catch (error) {
    if (typeof error.pos !== 'number') throw error;
    return describe(source, error);
  }
};
