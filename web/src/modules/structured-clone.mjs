// structuredClone(): the values of JavaScript that the HTML Standard's algorithm knows; no transfer.
const ERRORS = { Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
const tag = (v) => Object.prototype.toString.call(v).slice(8, -1);

function refuse(what) {
  throw new DOMException(`${what} could not be cloned`, 'DataCloneError');
}

function cloneError(error) {
  const name = Object.hasOwn(ERRORS, error.name) ? error.name : 'Error';
  const copy = Object.create(ERRORS[name].prototype);
  for (const key of ['message', 'stack', 'cause']) {
    if (Object.hasOwn(error, key)) Object.defineProperty(copy, key, { value: error[key], writable: true, configurable: true });
  }
  return copy;
}

// An empty copy, or a whole one of what holds no other values; undefined: an ordinary object.
function shell(value) {
  if (Array.isArray(value)) return new Array(value.length);
  if (value instanceof Boolean || value instanceof Number || value instanceof String || value instanceof BigInt) return Object(value.valueOf());
  if (value instanceof Date) return new Date(value.getTime());
  if (value instanceof RegExp) return new RegExp(value.source, value.flags);
  if (value instanceof ArrayBuffer) return value.slice(0);
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  if (value instanceof Error) return cloneError(value);
  if (['Object', 'Arguments'].includes(tag(value))) return {};
  return undefined;
}

function clone(value, seen) {
  if (typeof value === 'symbol') refuse(String(value));
  if (typeof value === 'function') refuse(`the function ${value.name}`);
  if (value === null || typeof value !== 'object') return value;
  if (seen.has(value)) return seen.get(value);
  if (ArrayBuffer.isView(value)) {
    const buffer = clone(value.buffer, seen);
    const view = new value.constructor(buffer, value.byteOffset, value instanceof DataView ? value.byteLength : value.length);
    seen.set(value, view);
    return view;
  }
  const copy = shell(value);
  if (copy === undefined) refuse(`#<${tag(value)}>`);
  seen.set(value, copy);
  if (value instanceof Map) for (const [k, v] of [...value]) copy.set(clone(k, seen), clone(v, seen));
  else if (value instanceof Set) for (const v of [...value]) copy.add(clone(v, seen));
  else if (Array.isArray(value) || ['Object', 'Arguments'].includes(tag(value))) {
    for (const key of Object.keys(value)) copy[key] = clone(value[key], seen);
  }
  return copy;
}

export function structuredClone(value, options) {
  if (arguments.length === 0) throw new TypeError('structuredClone needs a value');
  if (options?.transfer?.length) refuse('a transferred object');
  return clone(value, new Map());
}
