// URL and URLSearchParams: the URL Standard (https://url.spec.whatwg.org/), section 4 with the states of its basic parser.
// Names of hosts: Punycode and lower case; not the tables of UTS 46.

const PORTS = { 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443, 'ftp:': 21, 'file:': null };
const isSpecial = (u) => u.scheme in PORTS;

// ---- percent encoding ----------------------------------------------------------------------------------------

const C0 = /[^\x20-\x7e]/u;
const FRAGMENT = /[^\x20-\x7e]|[ "<>`]/u;
const QUERY = /[^\x20-\x7e]|[ "#<>]/u;
const SPECIAL_QUERY = /[^\x20-\x7e]|[ "#<>']/u;
const PATH = /[^\x20-\x7e]|[ "#<>?^`{}]/u;
const USERINFO = /[^\x20-\x7e]|[ "#<>?^`{}/:;=@[\\\]|]/u;

function utf8(text) {
  const bytes = [];
  for (const ch of text.toWellFormed()) {
    const c = ch.codePointAt(0);
    if (c < 0x80) bytes.push(c);
    else if (c < 0x800) bytes.push(0xc0 | c >> 6, 0x80 | c & 63);
    else if (c < 0x10000) bytes.push(0xe0 | c >> 12, 0x80 | c >> 6 & 63, 0x80 | c & 63);
    else bytes.push(0xf0 | c >> 18, 0x80 | c >> 12 & 63, 0x80 | c >> 6 & 63, 0x80 | c & 63);
  }
  return bytes;
}

// Bytes as text; malformed sequences become U+FFFD as the Encoding Standard says.
function fromUtf8(bytes) {
  let out = '', i = 0;
  while (i < bytes.length) {
    const b = bytes[i++];
    let more = 0, low = 0x80, high = 0xbf, c = b;
    if (b < 0x80) { out += String.fromCharCode(b); continue; }
    if (b >= 0xc2 && b <= 0xdf) { more = 1; c = b & 31; }
    else if (b >= 0xe0 && b <= 0xef) { more = 2; c = b & 15; if (b === 0xe0) low = 0xa0; if (b === 0xed) high = 0x9f; }
    else if (b >= 0xf0 && b <= 0xf4) { more = 3; c = b & 7; if (b === 0xf0) low = 0x90; if (b === 0xf4) high = 0x8f; }
    else { out += '\ufffd'; continue; }
    while (more > 0 && i < bytes.length && bytes[i] >= low && bytes[i] <= high) {
      c = c << 6 | bytes[i++] & 63;
      low = 0x80; high = 0xbf; more--;
    }
    out += more ? '\ufffd' : String.fromCodePoint(c);
  }
  return out;
}

const hex = (b) => '%' + (b < 16 ? '0' : '') + b.toString(16).toUpperCase();

function encode(text, set) {
  let out = '';
  for (const ch of text) out += set.test(ch) ? utf8(ch).map(hex).join('') : ch;
  return out;
}

function percentDecode(bytes) {
  const out = [], digit = (b) => (b === undefined ? NaN : parseInt(String.fromCharCode(b), 16));
  for (let i = 0; i < bytes.length; i++) {
    const value = bytes[i] === 0x25 ? digit(bytes[i + 1]) * 16 + digit(bytes[i + 2]) : NaN;
    if (Number.isNaN(value)) out.push(bytes[i]);
    else { out.push(value); i += 2; }
  }
  return out;
}

// ---- hosts -----------------------------------------------------------------------------------------------------

// RFC 3492, section 6.3.
function punycode(label) {
  const points = [...label].map((c) => c.codePointAt(0));
  let n = 128, delta = 0, bias = 72, out = points.filter((c) => c < 128).map((c) => String.fromCharCode(c)).join('');
  const basic = out.length;
  let handled = basic;
  if (basic) out += '-';
  while (handled < points.length) {
    const m = Math.min(...points.filter((c) => c >= n));
    delta += (m - n) * (handled + 1);
    n = m;
    for (const c of points) {
      if (c < n) delta++;
      if (c !== n) continue;
      let q = delta;
      for (let k = 36; ; k += 36) {
        const t = k <= bias ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (q < t) break;
        const d = t + (q - t) % (36 - t);
        out += String.fromCharCode(d < 26 ? d + 97 : d + 22);
        q = Math.floor((q - t) / (36 - t));
      }
      out += String.fromCharCode(q < 26 ? q + 97 : q + 22);
      let d = handled === basic ? Math.floor(delta / 700) : delta >> 1;
      d += Math.floor(d / (handled + 1));
      let k = 0;
      for (; d > 455; k += 36) d = Math.floor(d / 35);
      bias = k + Math.floor(36 * d / (d + 38));
      delta = 0;
      handled++;
    }
    delta++;
    n++;
  }
  return 'xn--' + out;
}

function toAscii(domain) {
  const labels = domain.normalize('NFKC').toLowerCase().normalize('NFC').replace(/[\u3002\uff0e\uff61]/g, '.').replace(/\u00ad|\u200b|\u2060|\ufeff/g, '')
    .split('.');
  return labels.map((l) => (/[^\x00-\x7f]/.test(l) ? punycode(l) : l)).join('.');
}

function ipv4Number(text) {
  if (text === '') return NaN;
  let radix = 10;
  if (/^0x/i.test(text)) { text = text.slice(2); radix = 16; } else if (/^0./.test(text)) { text = text.slice(1); radix = 8; }
  if (text === '') return 0;
  return (radix === 10 ? /^[0-9]+$/ : radix === 16 ? /^[0-9a-f]+$/i : /^[0-7]+$/).test(text) ? parseInt(text, radix) : NaN;
}

// The last label is a number: then all of it has to be an address.
function endsInNumber(host) {
  const labels = host.split('.');
  if (labels.at(-1) === '') { if (labels.length === 1) return false; labels.pop(); }
  return /^[0-9]+$/.test(labels.at(-1)) || /^0x[0-9a-f]*$/i.test(labels.at(-1));
}

function parseIpv4(host) {
  const parts = host.split('.');
  if (parts.at(-1) === '' && parts.length > 1) parts.pop();
  if (parts.length > 4) return null;
  const numbers = parts.map(ipv4Number);
  if (numbers.some(Number.isNaN) || numbers.slice(0, -1).some((n) => n > 255) || numbers.at(-1) >= 256 ** (5 - numbers.length)) return null;
  let address = numbers.pop();
  numbers.forEach((n, i) => { address += n * 256 ** (3 - i); });
  return [24, 16, 8, 0].map((s) => Math.floor(address / 2 ** s) % 256).join('.');
}

function parseIpv6(text) {
  const v4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (v4) {
    const n = v4.slice(2).map(Number);
    if (n.some((x) => x > 255) || v4.slice(2).some((x) => /^0\d/.test(x))) return null;
    text = v4[1] + (n[0] * 256 + n[1]).toString(16) + ':' + (n[2] * 256 + n[3]).toString(16);
  }
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const pieces = halves.map((h) => (h === '' ? [] : h.split(':')));
  if (pieces.flat().some((p) => !/^[0-9a-f]{1,4}$/i.test(p))) return null;
  const count = pieces.flat().length;
  if (halves.length === 1 ? count !== 8 : count > 7) return null;
  const all = halves.length === 1 ? pieces[0] : [...pieces[0], ...Array(8 - count).fill('0'), ...pieces[1]];
  const numbers = all.map((p) => parseInt(p, 16));
  let best = 0, at = -1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (numbers[i + n] === 0) n++;
    if (n > best && n > 1) { best = n; at = i; }
  }
  const side = (list) => list.map((n) => n.toString(16)).join(':');
  return `[${at < 0 ? side(numbers) : `${side(numbers.slice(0, at))}::${side(numbers.slice(at + best))}`}]`;
}

// null: no host.
function parseHost(text, opaque) {
  if (text.startsWith('[')) return text.endsWith(']') ? parseIpv6(text.slice(1, -1)) : null;
  if (opaque) return /[\0\t\n\r #/:<>?@[\\\]^|]/.test(text) ? null : encode(text, C0);
  const host = toAscii(fromUtf8(percentDecode(utf8(text))));
  if (host === '' || /[\0-\x20#%/:<>?@[\\\]^|\x7f]/.test(host)) return null;
  return endsInNumber(host) ? parseIpv4(host) : host;
}

// ---- the basic parser --------------------------------------------------------------------------------------------

const isDriveLetter = (s) => /^[a-z][:|]$/i.test(s);
const isDot = (s) => s === '.' || s.toLowerCase() === '%2e';
const isDoubleDot = (s) => /^(\.|%2e){2}$/i.test(s);
const startsWithDrive = (rest) => /^[a-z][:|]([/\\?#]|$)/i.test(rest);

function shorten(u) {
  if (u.scheme === 'file:' && u.path.length === 1 && /^[a-z]:$/i.test(u.path[0])) return;
  u.path.pop();
}

const noCredentials = (u) => u.host === null || u.host === '' || u.scheme === 'file:';

class Parser {
  constructor(input, base, u, override) {
    this.base = base;
    this.u = u;
    this.override = override;
    this.chars = [...input.replace(/[\t\n\r]/g, '')];
    this.at = 0;
    this.buffer = '';
    this.inBrackets = this.sawAt = this.sawPassword = false;
  }

  rest(n = 1) { return this.chars.slice(this.at + n).join(''); }

  // false: failure; the URL may have been changed by then.
  run() {
    let state = this.override ?? 'schemeStart';
    for (;;) {
      const c = this.chars[this.at]; // undefined: the end
      const next = this[state](c);
      if (next === false || next === true) return next;
      state = next;
      if (c === undefined && this.at >= this.chars.length) return true;
      this.at++;
    }
  }

  schemeStart(c) {
    if (c !== undefined && /[a-z]/i.test(c)) { this.buffer += c.toLowerCase(); return 'scheme'; }
    if (this.override) return false;
    this.at--;
    return 'noScheme';
  }

  scheme(c) {
    const u = this.u;
    if (c !== undefined && /[a-z0-9+.-]/i.test(c)) { this.buffer += c.toLowerCase(); return 'scheme'; }
    if (c === ':') {
      const scheme = this.buffer + ':';
      if (this.override) {
        if (isSpecial(u) !== (scheme in PORTS)) return true;
        if (scheme === 'file:' && (u.username || u.password || u.port !== null)) return true;
        if (u.scheme === 'file:' && !u.host) return true;
        u.scheme = scheme;
        if (u.port === PORTS[scheme]) u.port = null;
        return true;
      }
      u.scheme = scheme;
      this.buffer = '';
      if (scheme === 'file:') return 'file';
      if (isSpecial(u)) return this.base && this.base.scheme === scheme ? 'specialRelativeOrAuthority' : 'specialAuthoritySlashes';
      if (this.chars[this.at + 1] === '/') { this.at++; return 'pathOrAuthority'; }
      u.path = '';
      return 'opaquePath';
    }
    if (this.override) return false;
    this.buffer = '';
    this.at = -1;
    return 'noScheme';
  }

  noScheme(c) {
    const { base, u } = this;
    if (!base || (typeof base.path === 'string' && c !== '#')) return false;
    if (typeof base.path === 'string') {
      Object.assign(u, { scheme: base.scheme, path: base.path, query: base.query, fragment: '' });
      return 'fragment';
    }
    this.at--;
    return base.scheme === 'file:' ? 'file' : 'relative';
  }

  specialRelativeOrAuthority(c) {
    if (c === '/' && this.chars[this.at + 1] === '/') { this.at++; return 'specialAuthorityIgnoreSlashes'; }
    this.at--;
    return 'relative';
  }

  pathOrAuthority(c) {
    if (c === '/') return 'authority';
    this.at--;
    return 'path';
  }

  relative(c) {
    const { u, base } = this;
    u.scheme = base.scheme;
    if (c === '/' || (isSpecial(u) && c === '\\')) return 'relativeSlash';
    Object.assign(u, { username: base.username, password: base.password, host: base.host, port: base.port, path: [...base.path], query: base.query });
    if (c === '?') { u.query = ''; return 'query'; }
    if (c === '#') { u.fragment = ''; return 'fragment'; }
    if (c !== undefined) { u.query = null; shorten(u); this.at--; return 'path'; }
    return 'relative';
  }

  relativeSlash(c) {
    const { u, base } = this;
    if (isSpecial(u) && (c === '/' || c === '\\')) return 'specialAuthorityIgnoreSlashes';
    if (c === '/') return 'authority';
    Object.assign(u, { username: base.username, password: base.password, host: base.host, port: base.port });
    this.at--;
    return 'path';
  }

  specialAuthoritySlashes(c) {
    if (c === '/' && this.chars[this.at + 1] === '/') { this.at++; return 'specialAuthorityIgnoreSlashes'; }
    this.at--;
    return 'specialAuthorityIgnoreSlashes';
  }

  specialAuthorityIgnoreSlashes(c) {
    if (c === '/' || c === '\\') return 'specialAuthorityIgnoreSlashes';
    this.at--;
    return 'authority';
  }

  endsAuthority(c) { return c === undefined || c === '/' || c === '?' || c === '#' || (isSpecial(this.u) && c === '\\'); }

  authority(c) {
    const u = this.u;
    if (c === '@') {
      if (this.sawAt) this.buffer = '%40' + this.buffer;
      this.sawAt = true;
      for (const ch of this.buffer) {
        if (ch === ':' && !this.sawPassword) { this.sawPassword = true; continue; }
        if (this.sawPassword) u.password += encode(ch, USERINFO);
        else u.username += encode(ch, USERINFO);
      }
      this.buffer = '';
    } else if (this.endsAuthority(c)) {
      if (this.sawAt && this.buffer === '') return false;
      this.at -= [...this.buffer].length + 1;
      this.buffer = '';
      return 'host';
    } else {
      this.buffer += c;
    }
    return 'authority';
  }

  host(c) {
    const u = this.u;
    if (this.override && u.scheme === 'file:') { this.at--; return 'fileHost'; }
    if (c === ':' && !this.inBrackets) {
      if (this.buffer === '') return false;
      if (this.override === 'hostname') return false;
      const host = parseHost(this.buffer, !isSpecial(u));
      if (host === null) return false;
      u.host = host;
      this.buffer = '';
      return 'port';
    }
    if (this.endsAuthority(c)) {
      this.at--;
      if (isSpecial(u) && this.buffer === '') return false;
      if (this.override && this.buffer === '' && (u.username || u.password || u.port !== null)) return false;
      const host = this.buffer === '' ? '' : parseHost(this.buffer, !isSpecial(u));
      if (host === null) return false;
      u.host = host;
      this.buffer = '';
      return this.override ? true : 'pathStart';
    }
    if (c === '[') this.inBrackets = true;
    if (c === ']') this.inBrackets = false;
    this.buffer += c;
    return this.override === 'hostname' ? 'hostname' : 'host';
  }

  hostname(c) { return this.host(c); }

  port(c) {
    const u = this.u;
    if (c !== undefined && /[0-9]/.test(c)) { this.buffer += c; return 'port'; }
    if (!this.endsAuthority(c) && !this.override) return false;
    if (this.buffer !== '') {
      const port = parseInt(this.buffer, 10);
      if (port > 65535) return false;
      u.port = port === PORTS[u.scheme] ? null : port;
      this.buffer = '';
      if (this.override) return true;
    }
    if (this.override) return false;
    this.at--;
    return 'pathStart';
  }

  file(c) {
    const { u, base } = this;
    u.scheme = 'file:';
    u.host = '';
    if (c === '/' || c === '\\') return 'fileSlash';
    if (base && base.scheme === 'file:') {
      Object.assign(u, { host: base.host, path: [...base.path], query: base.query });
      if (c === '?') { u.query = ''; return 'query'; }
      if (c === '#') { u.fragment = ''; return 'fragment'; }
      if (c === undefined) return 'file';
      u.query = null;
      if (startsWithDrive(this.rest(0))) u.path = [];
      else shorten(u);
    }
    this.at--;
    return 'path';
  }

  fileSlash(c) {
    const { u, base } = this;
    if (c === '/' || c === '\\') return 'fileHost';
    if (base && base.scheme === 'file:') {
      u.host = base.host;
      if (!startsWithDrive(this.rest(0)) && /^[a-z]:$/i.test(base.path[0] ?? '')) u.path.push(base.path[0]);
    }
    this.at--;
    return 'path';
  }

  fileHost(c) {
    const u = this.u;
    if (c !== undefined && !/[/\\?#]/.test(c)) { this.buffer += c; return 'fileHost'; }
    this.at--;
    if (!this.override && isDriveLetter(this.buffer)) return 'path';
    if (this.buffer === '') {
      u.host = '';
      return this.override ? true : 'pathStart';
    }
    const host = parseHost(this.buffer, false);
    if (host === null) return false;
    u.host = host === 'localhost' ? '' : host;
    this.buffer = '';
    return this.override ? true : 'pathStart';
  }

  pathStart(c) {
    const u = this.u;
    if (isSpecial(u)) {
      if (c !== '/' && c !== '\\') this.at--;
      return 'path';
    }
    if (!this.override && c === '?') { u.query = ''; return 'query'; }
    if (!this.override && c === '#') { u.fragment = ''; return 'fragment'; }
    if (c !== undefined) {
      if (c !== '/') this.at--;
      return 'path';
    }
    if (this.override && u.host === null) u.path.push('');
    return 'pathStart';
  }

  path(c) {
    const u = this.u, slash = c === '/' || (isSpecial(u) && c === '\\');
    if (c !== undefined && !slash && (this.override || (c !== '?' && c !== '#'))) {
      this.buffer += encode(c, PATH);
      return 'path';
    }
    if (isDoubleDot(this.buffer)) {
      shorten(u);
      if (!slash) u.path.push('');
    } else if (isDot(this.buffer)) {
      if (!slash) u.path.push('');
    } else {
      if (u.scheme === 'file:' && u.path.length === 0 && isDriveLetter(this.buffer)) this.buffer = this.buffer[0] + ':';
      u.path.push(this.buffer);
    }
    this.buffer = '';
    if (c === '?') { u.query = ''; return 'query'; }
    if (c === '#') { u.fragment = ''; return 'fragment'; }
    return 'path';
  }

  opaquePath(c) {
    const u = this.u;
    if (c === '?' || c === '#') {
      if (u.path.endsWith(' ')) u.path = u.path.slice(0, -1) + '%20';
      if (c === '?') { u.query = ''; return 'query'; }
      u.fragment = '';
      return 'fragment';
    }
    if (c !== undefined) u.path += encode(c, C0);
    return 'opaquePath';
  }

  query(c) {
    const u = this.u;
    if (c === undefined || (c === '#' && !this.override)) {
      if (c === '#') { u.fragment = ''; return 'fragment'; }
      return 'query';
    }
    u.query += encode(c, isSpecial(u) ? SPECIAL_QUERY : QUERY);
    return 'query';
  }

  fragment(c) {
    if (c !== undefined) this.u.fragment += encode(c, FRAGMENT);
    return 'fragment';
  }
}

const fresh = () => ({ scheme: '', username: '', password: '', host: null, port: null, path: [], query: null, fragment: null });

function parse(text, base) {
  const u = fresh();
  return new Parser(text.replace(/^[\0-\x20]+|[\0-\x20]+$/g, ''), base, u).run() ? u : null;
}

const pathOf = (u) => (typeof u.path === 'string' ? u.path : u.path.map((p) => '/' + p).join(''));

function serialize(u) {
  let out = u.scheme;
  if (u.host !== null) {
    out += '//';
    if (u.username || u.password) out += u.username + (u.password ? ':' + u.password : '') + '@';
    out += u.host + (u.port === null ? '' : ':' + u.port);
  } else if (typeof u.path !== 'string' && u.path.length > 1 && u.path[0] === '') {
    out += '/.';
  }
  return out + pathOf(u) + (u.query === null ? '' : '?' + u.query) + (u.fragment === null ? '' : '#' + u.fragment);
}

// ---- URLSearchParams -----------------------------------------------------------------------------------------

const text = (v) => { if (typeof v === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string'); return String(v).toWellFormed(); };
const formDecode = (s) => fromUtf8(percentDecode(utf8(s.replaceAll('+', ' '))));
const formEncode = (s) => encode(s, /[^a-zA-Z0-9*\-._ ]/u).replaceAll(' ', '+');

function parseForm(s) {
  return s.split('&').filter((p) => p !== '').map((p) => {
    const at = p.indexOf('=');
    return at < 0 ? [formDecode(p), ''] : [formDecode(p.slice(0, at)), formDecode(p.slice(at + 1))];
  });
}

function need(args, n, name) {
  if (args.length < n) throw new TypeError(`${name} needs ${n} argument${n > 1 ? 's' : ''}`);
}

export class URLSearchParams {
  #list = [];
  #owner = null; // of a URL: takes the new query

  constructor(init = '') {
    if (init === null || (typeof init !== 'object' && typeof init !== 'function')) {
      const s = text(init);
      this.#list = parseForm(s.startsWith('?') ? s.slice(1) : s);
    } else if (typeof init[Symbol.iterator] === 'function') {
      for (const pair of init) {
        if (pair === null || typeof pair !== 'object') throw new TypeError('each pair must be an iterable [name, value]');
        const items = [...pair];
        if (items.length !== 2) throw new TypeError('each pair must be an iterable [name, value]');
        this.#list.push([text(items[0]), text(items[1])]);
      }
    } else {
      for (const key of Reflect.ownKeys(init)) {
        if (Object.getOwnPropertyDescriptor(init, key)?.enumerable) this.#list.push([text(key), text(init[key])]);
      }
    }
  }

  static _of(query, owner) {
    const p = new URLSearchParams();
    p.#list = parseForm(query ?? '');
    p.#owner = owner;
    return p;
  }

  static _reset(p, query) { p.#list = parseForm(query ?? ''); }

  #changed() { this.#owner?.(this.toString()); }

  get size() { return this.#list.length; }

  append(name, value) {
    need(arguments, 2, 'append');
    this.#list.push([text(name), text(value)]);
    this.#changed();
  }

  delete(name, value) {
    need(arguments, 1, 'delete');
    const n = text(name), v = value === undefined ? undefined : text(value);
    this.#list = this.#list.filter((p) => p[0] !== n || (v !== undefined && p[1] !== v));
    this.#changed();
  }

  get(name) {
    need(arguments, 1, 'get');
    const n = text(name), found = this.#list.find((p) => p[0] === n);
    return found ? found[1] : null;
  }

  getAll(name) {
    need(arguments, 1, 'getAll');
    const n = text(name);
    return this.#list.filter((p) => p[0] === n).map((p) => p[1]);
  }

  has(name, value) {
    need(arguments, 1, 'has');
    const n = text(name), v = value === undefined ? undefined : text(value);
    return this.#list.some((p) => p[0] === n && (v === undefined || p[1] === v));
  }

  set(name, value) {
    need(arguments, 2, 'set');
    const n = text(name), v = text(value), at = this.#list.findIndex((p) => p[0] === n);
    if (at < 0) this.#list.push([n, v]);
    else {
      this.#list[at][1] = v;
      this.#list = this.#list.filter((p, i) => i <= at || p[0] !== n);
    }
    this.#changed();
  }

  sort() {
    this.#list.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    this.#changed();
  }

  forEach(callback, thisArg) {
    if (typeof callback !== 'function') throw new TypeError('forEach needs a function');
    for (let i = 0; i < this.#list.length; i++) callback.call(thisArg, this.#list[i][1], this.#list[i][0], this);
  }

  * entries() { for (let i = 0; i < this.#list.length; i++) yield [...this.#list[i]]; }
  * keys() { for (let i = 0; i < this.#list.length; i++) yield this.#list[i][0]; }
  * values() { for (let i = 0; i < this.#list.length; i++) yield this.#list[i][1]; }
  toString() { return this.#list.map(([n, v]) => `${formEncode(n)}=${formEncode(v)}`).join('&'); }
}
Object.defineProperty(URLSearchParams.prototype, Symbol.iterator, { value: URLSearchParams.prototype.entries, writable: true, configurable: true });
Object.defineProperty(URLSearchParams.prototype, Symbol.toStringTag, { value: 'URLSearchParams', configurable: true });

// ---- URL ---------------------------------------------------------------------------------------------------------

export class URL {
  #u;
  #params = null; // made when it is asked for

  constructor(url, base = undefined) {
    need(arguments, 1, 'URL');
    const from = base === undefined ? undefined : parse(text(base));
    const u = from === null ? null : parse(text(url), from);
    if (!u) throw Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: text(url) });
    this.#u = u;
  }

  static canParse(url, base = undefined) { return URL.parse(url, base) !== null; }

  static parse(url, base = undefined) {
    try { return new URL(url, base); } catch { return null; }
  }

  #set(value, state) { new Parser(text(value), null, this.#u, state).run(); }

  get href() { return serialize(this.#u); }
  set href(v) {
    const u = parse(text(v));
    if (!u) throw new TypeError('Invalid URL');
    this.#u = u;
    if (this.#params) URLSearchParams._reset(this.#params, u.query);
  }

  get origin() {
    const u = this.#u;
    if (u.scheme === 'blob:' && typeof u.path === 'string') {
      const inner = parse(u.path);
      return inner && /^https?:$/.test(inner.scheme) ? `${inner.scheme}//${this.#hostOf(inner)}` : 'null';
    }
    return isSpecial(u) && u.scheme !== 'file:' ? `${u.scheme}//${this.#hostOf(u)}` : 'null';
  }

  #hostOf(u) { return u.host === null ? '' : u.host + (u.port === null ? '' : ':' + u.port); }

  get protocol() { return this.#u.scheme; }
  set protocol(v) { this.#set(text(v) + ':', 'schemeStart'); }
  get username() { return this.#u.username; }
  set username(v) { if (!noCredentials(this.#u)) this.#u.username = encode(text(v), USERINFO); }
  get password() { return this.#u.password; }
  set password(v) { if (!noCredentials(this.#u)) this.#u.password = encode(text(v), USERINFO); }
  get host() { return this.#hostOf(this.#u); }
  set host(v) { if (typeof this.#u.path !== 'string') this.#set(v, 'host'); }
  get hostname() { return this.#u.host ?? ''; }
  set hostname(v) { if (typeof this.#u.path !== 'string') this.#set(v, 'hostname'); }
  get port() { return this.#u.port === null ? '' : String(this.#u.port); }
  set port(v) {
    if (noCredentials(this.#u)) return;
    if (text(v) === '') this.#u.port = null;
    else this.#set(v, 'port');
  }
  get pathname() { return pathOf(this.#u); }
  set pathname(v) {
    if (typeof this.#u.path === 'string') return;
    this.#u.path = [];
    this.#set(v, 'pathStart');
  }
  get search() { return this.#u.query ? '?' + this.#u.query : ''; }
  set search(v) {
    const s = text(v);
    if (s === '') this.#u.query = null;
    else {
      this.#u.query = '';
      this.#set(s.startsWith('?') ? s.slice(1) : s, 'query');
    }
    if (this.#params) URLSearchParams._reset(this.#params, this.#u.query);
  }
  get searchParams() {
    this.#params ??= URLSearchParams._of(this.#u.query, (s) => { this.#u.query = s === '' ? null : s; });
    return this.#params;
  }
  get hash() { return this.#u.fragment ? '#' + this.#u.fragment : ''; }
  set hash(v) {
    const s = text(v);
    if (s === '') this.#u.fragment = null;
    else {
      this.#u.fragment = '';
      this.#set(s.startsWith('#') ? s.slice(1) : s, 'fragment');
    }
  }
  toString() { return this.href; }
  toJSON() { return this.href; }
}
for (const name of ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'searchParams', 'hash']) {
  Object.defineProperty(URL.prototype, name, { enumerable: true });
}
Object.defineProperty(URL.prototype, Symbol.toStringTag, { value: 'URL', configurable: true });
