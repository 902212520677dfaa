// TypeScript's namespaces as JavaScript, as edits of the text that keep its lines.
//
// sucrase removes namespaces; a change of its parser (build-script.mjs) makes it parse those that hold values like code and note
// on the token `namespace` where the block and its statements are. Exported names stay plain variables of the block's
// function: `const` puts its value on the namespace's object too, other variables become accessors there, functions
// and classes are put on it at the block's beginning and at the class's end.
import { isDeclaration } from 'sucrase/dist/esm/parser/tokenizer/index';
import { TokenType as tt } from 'sucrase/dist/esm/parser/tokenizer/types';

const OPEN = new Set([tt.braceL, tt.dollarBraceL, tt.parenL, tt.bracketL, tt.braceBarL]);
const CLOSE = new Set([tt.braceR, tt.parenR, tt.bracketR, tt.braceBarR]);

class Lowering {
  constructor(code, tokens) {
    this.code = code;
    this.tokens = tokens;
    this.edits = []; // {start, end, text}; those at one place in the order they were made
    this.exports = new Map(); // path of a namespace -> names that its blocks so far export
    this.declared = new Set(); // exported at the top level before
  }

  text(i) {
    return this.code.slice(this.tokens[i].start, this.tokens[i].end);
  }

  put(at, text) {
    this.edits.push({ start: at, end: at, text });
  }

  // Replaces [start, end) and keeps its line breaks.
  replace(start, end, text) {
    this.edits.push({ start, end, text: text + '\n'.repeat(this.code.slice(start, end).split('\n').length - 1) });
  }

  // `parent` is the object of the namespace around it, if it is exported there.
  namespace(i, parent, path) {
    const { open, end, statements } = this.tokens[i].namespace;
    const names = [];
    for (let k = i + 1; k < open; k++) if (this.tokens[k].type === tt.name) names.push(this.text(k));
    const exported = this.tokens[i - 1]?.type === tt._export && !this.tokens[i - 1].isType;
    const first = parent ?? null;
    let head = '', tail = '';
    names.forEach((name, depth) => {
      const holder = depth ? names[depth - 1] : first;
      head += depth || !this.isDeclaredBefore(i, name) ? `var ${name}; ` : '';
      head += `(function (${name}) {`;
      tail = `})(${holder ? `${name} = ${holder}.${name} || (${holder}.${name} = {})` : `${name} || (${name} = {})`});` + tail;
    });
    let start = this.tokens[i].start;
    if (exported && path === '' && !this.declared.has(names[0]) && !this.isDeclaredBefore(i, names[0])) this.declared.add(names[0]);
    else if (exported) start = this.tokens[i - 1].start;
    const inner = path + names.join('.') + '.';
    this.replace(start, this.tokens[open].end, head + this.earlier(inner, statements));
    this.block(names.at(-1), inner, statements, this.tokens[open].end);
    this.replace(this.tokens[end].start, this.tokens[end].end, tail);
  }

  // A class, function or enum of the name was declared before, in the same scope: it is the namespace's object.
  isDeclaredBefore(i, name) {
    for (let k = 1; k < i; k++) {
      const t = this.tokens[k];
      if (t.type !== tt.name || t.isType || t.scopeDepth !== this.tokens[i].scopeDepth || this.text(k) !== name) continue;
      const before = this.tokens[k - 1].type;
      if (before === tt._class || before === tt._function || before === tt._enum) return true;
      if (before === tt.star && this.tokens[k - 2]?.type === tt._function) return true;
    }
    return false;
  }

  // Names that earlier blocks of the same namespace export and this one does not declare.
  earlier(path, statements) {
    const known = this.exports.get(path) ?? [];
    const own = new Set(statements.map(([from, to]) => this.names(from, to)).flat());
    const missing = known.filter((n) => !own.has(n));
    const object = path.split('.').at(-2);
    return missing.length ? `var ${missing.map((n) => `${n} = ${object}.${n}`).join(', ')};` : '';
  }

  names(from, to) {
    const names = [];
    for (let k = from; k < to; k++) {
      if (!this.tokens[k].isType && isDeclaration(this.tokens[k])) names.push(this.text(k));
      if (k > from && this.tokens[k].type === tt.name && [tt._class, tt._function, tt._enum].includes(this.tokens[k - 1].type)) names.push(this.text(k));
    }
    return names;
  }

  block(object, path, statements, bodyStart) {
    const exported = this.exports.get(path) ?? [];
    this.exports.set(path, exported);
    for (const [from, to] of statements) {
      const t = this.tokens[from];
      if (t.type !== tt._export || t.isType) {
        if (t.namespace && !t.isType) this.namespace(from, null, `${path}${from}:`);
        continue;
      }
      exported.push(...this.statement(object, path, from, to, bodyStart));
    }
  }

  // One `export ...` of a block; the names that it exports.
  statement(object, path, from, to, bodyStart) {
    let k = from + 1;
    if (this.tokens[k].namespace) {
      this.namespace(k, object, path);
      return [this.text(k + 1)];
    }
    while (k < to && (this.tokens[k].type === tt._abstract || this.tokens[k].type === tt.name)) k++; // abstract, async
    if (k >= to || this.tokens[k].isType) return [];
    const next = this.tokens[k].type, after = this.tokens[to - 1].end;
    this.replace(this.tokens[from].start, this.tokens[from].end, '');
    if (next === tt._function) {
      const name = this.text(this.tokens[k + 1].type === tt.star ? k + 2 : k + 1);
      this.put(bodyStart, `${object}.${name} = ${name};`);
      return [name];
    }
    if (next === tt._class) {
      this.put(after, `${object}.${this.text(k + 1)} = ${this.text(k + 1)};`);
      return [this.text(k + 1)];
    }
    if (next === tt._enum || (next === tt._const && this.tokens[k + 1].type === tt._enum)) {
      const name = this.text(next === tt._enum ? k + 1 : k + 2);
      this.put(after, `;${object}.${name} = ${name};`);
      return [name];
    }
    return this.variables(object, k, to);
  }

  variables(object, from, to) {
    const names = [], accessors = [];
    const constant = this.tokens[from].type === tt._const;
    let depth = 0, pattern = true;
    for (let k = from + 1; k < to; k++) {
      const t = this.tokens[k];
      if (t.isType) continue;
      if (OPEN.has(t.type)) depth++;
      if (CLOSE.has(t.type)) depth--;
      if (depth === 0 && t.type === tt.comma) pattern = true;
      if (!pattern) continue;
      if (depth === 0 && t.type === tt.eq) {
        pattern = false;
        if (constant && names.at(-1) && accessors.at(-1) !== names.at(-1)) this.put(t.end, ` ${object}.${names.at(-1)} =`);
      } else if (isDeclaration(t)) {
        names.push(this.text(k));
        if (depth || !constant) accessors.push(this.text(k));
      }
    }
    const code = accessors.map((n) => `Object.defineProperty(${object}, "${n}", {enumerable: true, configurable: true, get: () => ${n}`
      + `${constant ? '' : `, set: (v) => { ${n} = v; }`}});`);
    this.put(this.tokens[from].start, code.join(' '));
    return names;
  }

  apply() {
    let out = '', at = 0;
    const sorted = this.edits.map((e, i) => [e, i]).sort(([a, i], [b, j]) => a.start - b.start || a.end - b.end || i - j);
    for (const [edit] of sorted) {
      out += this.code.slice(at, edit.start) + edit.text;
      at = Math.max(at, edit.end);
    }
    return out + this.code.slice(at);
  }
}

export function lowerNamespaces(code, tokens) {
  if (!tokens.some((t) => t.namespace && !t.isType)) return code;
  const lowering = new Lowering(code, tokens);
  let end = -1;
  tokens.forEach((t, i) => {
    if (i < end || !t.namespace || t.isType) return;
    lowering.namespace(i, null, '');
    end = t.namespace.end;
  });
  return lowering.apply();
}
