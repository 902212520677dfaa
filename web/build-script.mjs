// Builds the JavaScript that brunt itself runs in QuickJS: node build-script.mjs OUT_FOLDER
//
// OUT_FOLDER/url.js and structured-clone.js are CommonJS modules with globals, which virtual users read when a script
// first uses one of them.
// OUT_FOLDER/typescript.js strips types (src/modules/typescript.mjs). sucrase, which does it, knows no namespaces, gives
// parameter properties no fields, and keeps imports for the sake of `export type {}`: small changes of its source, each
// of which must fit exactly once.
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const outFolder = resolve(process.argv[2] ?? join(here, 'dist'));

const PARSE_NAMESPACE = `
function tsParseNamespace(isBeforeToken) {
  const keyword = state.tokens.length - 1;
  parseBindingIdentifier(false);
  while (eat(tt.dot)) parseIdentifier();
  const open = state.tokens.length, statements = [];
  expect(tt.braceL);
  while (!match(tt.braceR) && !state.error) {
    const from = state.tokens.length;
    parseStatement(true);
    statements.push([from, state.tokens.length]);
  }
  const end = state.tokens.length;
  expect(tt.braceR);
  if (state.error) return;
  const isValue = state.tokens.slice(open + 1, end).some((t) => !t.isType && t.type !== tt.semi);
  if (isValue) state.tokens[keyword].namespace = { open, end, statements };
  else for (let i = keyword - (isBeforeToken ? 1 : 0); i <= end; i++) state.tokens[i].isType = true;
}
`;

const SKIP_TYPE_EXPORTS = `
    if (token.type === tt._export && tokens.tokens[i + 1]?.type === tt.name && tokens.tokens[i + 2]?.type === tt.braceL
      && tokens.identifierNameForToken(tokens.tokens[i + 1]) === 'type') {
      while (tokens.tokens[i].type !== tt.braceR) i++;
      continue;
    }
`;

const CHANGES = {
  'parser/plugins/typescript.js': [
    [/(else if \(match\(tt\.name\)\) \{\s*)const oldIsType = pushTypeContext\(isBeforeToken \? 2 : 1\);\s*tsParseModuleOrNamespaceDeclaration\(\);\s*popTypeContext\(oldIsType\);/,
      '$1tsParseNamespace(isBeforeToken);'],
    [/(case ContextualKeyword\._namespace:\s*if \([^{]*\{\s*)const oldIsType = pushTypeContext\(isBeforeToken \? 2 : 1\);\s*tsParseModuleOrNamespaceDeclaration\(\);\s*popTypeContext\(oldIsType\);/,
      '$1tsParseNamespace(isBeforeToken);'],
    [/(?=\nfunction tsParseModuleOrNamespaceDeclaration\(\) \{)/, PARSE_NAMESPACE],
  ],
  'util/getNonTypeIdentifiers.js': [
    [/(?<=const token = tokens\.tokens\[i\];)/, SKIP_TYPE_EXPORTS],
  ],
  'transformers/RootTransformer.js': [
    [/(?<=processClassBody\(classInfo, className\) \{[^]*?this\.tokens\.copyExpectedToken\(tt\.braceL\);)/,
      'this.tokens.appendCode(constructorInitializerStatements.map((s) => ` ${/^this\\.(\\S+)/.exec(s)[1]};`).join(""));'],
  ],
};

const changeSucrase = {
  name: 'change-sucrase',
  setup(b) {
    b.onLoad({ filter: /sucrase[\\/]dist[\\/]esm[\\/](parser[\\/]plugins[\\/]typescript|transformers[\\/]RootTransformer|util[\\/]getNonTypeIdentifiers)\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      const [, changes] = Object.entries(CHANGES).find(([name]) => path.replaceAll('\\', '/').endsWith(name));
      for (const [from, to] of changes) {
        if ([...contents.matchAll(new RegExp(from, 'g'))].length !== 1) throw new Error(`${path}: ${from} does not fit once`);
        contents = contents.replace(from, to);
      }
      return { contents, loader: 'js' };
    });
  },
};

const common = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: ['es2022'],
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
  mainFields: ['module', 'main'],
};

mkdirSync(outFolder, { recursive: true });
await build({
  ...common,
  entryPoints: [join(here, 'src', 'modules', 'typescript.mjs')],
  outfile: join(outFolder, 'typescript.js'),
  format: 'iife',
  plugins: [changeSucrase],
});
for (const name of ['url', 'structured-clone']) {
  await build({
    ...common,
    entryPoints: [join(here, 'src', 'modules', `${name}.mjs`)],
    outfile: join(outFolder, `${name}.js`),
    format: 'cjs',
    keepNames: true,
  });
}
