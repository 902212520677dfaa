/*! Functions that load tests share, in the form in which such libraries come: one CommonJS bundle. */
(() => {
  'use strict';
  var modules = {
    10: (module, exports, load) => {
      var crypto = load('k6/crypto');
      Object.defineProperty(exports, '__esModule', { value: true });
      exports.uuidv4 = function (secure) {
        if (secure) return exports.fromBytes(new Uint8Array(crypto.randomBytes(16)));
        return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, function (c) {
          var r = Math.floor(Math.random() * 16);
          return (c === 'x' ? r : (r & 3) | 8).toString(16);
        });
      };
      exports.fromBytes = function (b) {
        b[6] = (b[6] & 15) | 64;
        b[8] = (b[8] & 63) | 128;
        var hex = Array.from(b, function (x) { return ('0' + x.toString(16)).slice(-2); }).join('');
        return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
      };
    },
    20: (module, exports) => {
      exports.between = function (min, max) { return Math.floor(Math.random() * (max - min + 1) + min); };
      exports.item = function (list) { return list[Math.floor(Math.random() * list.length)]; };
      exports.text = function (length, letters) {
        var from = letters || 'abcdefghijklmnopqrstuvwxyz', out = '';
        while (length--) out += from[(Math.random() * from.length) | 0];
        return out;
      };
      exports.weighted = function (choices) {
        var total = choices.reduce(function (sum, c) { return sum + c.weight; }, 0), at = Math.random() * total;
        for (var i = 0; i < choices.length; i++) if ((at -= choices[i].weight) < 0) return choices[i].value;
        return choices[choices.length - 1].value;
      };
    },
    30: (module, exports) => {
      exports.findBetween = function (content, left, right, repeat) {
        var from = 0, found = [];
        for (;;) {
          var start = content.indexOf(left, from);
          if (start < 0) break;
          start += left.length;
          var end = content.indexOf(right, start);
          if (end < 0) break;
          found.push(content.substring(start, end));
          if (!repeat) return found[0];
          from = end + right.length;
        }
        return repeat ? found : null;
      };
      exports.parseQuery = function (text) {
        var out = {};
        text.replace(/^\?/, '').split('&').forEach(function (pair) {
          var at = pair.indexOf('='), key = at < 0 ? pair : pair.slice(0, at);
          if (key) out[decodeURIComponent(key)] = at < 0 ? '' : decodeURIComponent(pair.slice(at + 1).replace(/\+/g, ' '));
        });
        return out;
      };
    },
    40: (module, exports, load) => {
      var k6 = load('k6'), random = load(20);
      exports.pause = function (min, max) { k6.sleep(min + Math.random() * (max - min)); };
      exports.normalStages = function (vus, seconds, count) {
        var stages = [], mean = 0, sigma = 1, steps = count || 15, i;
        var weight = function (x) { return Math.exp(-0.5 * Math.pow((x - mean) / sigma, 2)) / (sigma * Math.sqrt(2 * Math.PI)); };
        for (i = 0; i <= steps + 1; i++) {
          var x = -2 * sigma + (4 * sigma * i) / (steps + 1);
          stages.push({ duration: Math.ceil(seconds / (steps + 2)) + 's', target: Math.ceil((vus * weight(x)) / weight(0)) });
        }
        return stages;
      };
      exports.tagged = function (name) { return { tags: { name: name, kind: random.item(['a', 'b']) } }; };
    },
  };
  var cache = {};
  function load(id) {
    if (typeof id === 'string') return require(id);
    var known = cache[id];
    if (known) return known.exports;
    var module = (cache[id] = { exports: {} });
    modules[id](module, module.exports, load);
    return module.exports;
  }
  var ids = load(10), random = load(20), text = load(30), flow = load(40);
  module.exports = {
    uuidv4: ids.uuidv4, randomIntBetween: random.between, randomItem: random.item, randomString: random.text,
    randomWeightedItem: random.weighted, findBetween: text.findBetween, parseQuery: text.parseQuery,
    randomPause: flow.pause, normalDistributionStages: flow.normalStages, tagged: flow.tagged,
  };
})();
