'use strict';
// A body of multipart/form-data, made by hand: several parts of one name.
function FormData() {
  if (!(this instanceof FormData)) return new FormData();
  this.boundary = '------brunt' + Math.random().toString(36).slice(2);
  this.parts = [];
}

FormData.prototype.append = function (name, value) {
  this.parts.push({ name: name, value: value });
};

FormData.prototype.body = function () {
  var chunks = [], self = this, total = 0;
  function bytes(text) {
    var out = [], escaped = unescape(encodeURIComponent(text));
    for (var i = 0; i < escaped.length; i++) out.push(escaped.charCodeAt(i));
    return new Uint8Array(out);
  }
  function add(data) {
    chunks.push(data);
    total += data.length;
  }
  this.parts.forEach(function (part) {
    var head = '--' + self.boundary + '\r\nContent-Disposition: form-data; name="' + part.name + '"', value = part.value;
    if (value && value.data !== undefined) {
      add(bytes(head + '; filename="' + value.filename + '"\r\nContent-Type: ' + value.content_type + '\r\n\r\n'));
      add(typeof value.data === 'string' ? bytes(value.data) : new Uint8Array(value.data));
      add(bytes('\r\n'));
    } else add(bytes(head + '\r\n\r\n' + value + '\r\n'));
  });
  add(bytes('--' + this.boundary + '--\r\n'));
  var whole = new Uint8Array(total), at = 0;
  chunks.forEach(function (chunk) {
    whole.set(chunk, at);
    at += chunk.length;
  });
  return whole.buffer;
};

module.exports = { FormData: FormData };
