// A session in the manner of requests and httpx: what all requests share is said once.
import http from 'k6/http';
import { group } from 'k6';

const merge = (a, b) => ({ ...a, ...b, headers: { ...a?.headers, ...b?.headers }, tags: { ...a?.tags, ...b?.tags } });

export class Session {
  #hooks = [];
  baseURL = '';
  params = { headers: {}, tags: {} };

  constructor(options = {}) {
    const { baseURL = '', ...params } = options;
    this.baseURL = baseURL;
    this.params = merge(this.params, params);
  }

  addHeader(name, value) { this.params.headers[name] = value; }
  addHeaders(headers) { Object.assign(this.params.headers, headers); }
  addTag(name, value) { this.params.tags[name] = value; }
  onResponse(hook) { this.#hooks.push(hook); return this; }

  request(method, url, body = null, params = {}) {
    const full = /^https?:/.test(url) ? url : this.baseURL + url;
    const response = http.request(method, full, body, merge(this.params, params));
    for (const hook of this.#hooks) hook.call(this, response);
    return response;
  }

  batch(requests, params = {}) {
    return http.batch(requests.map((r) => ({ ...r, url: this.baseURL + r.url, params: merge(merge(this.params, params), r.params) })));
  }
}

for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
  Session.prototype[method.toLowerCase()] = function (url, ...rest) {
    return this.request(method, url, ...rest);
  };
}

export class Get {
  method = 'GET';
  constructor(url, params) { this.url = url; this.params = params; }
}

/** A named part of the test; an exception in it is logged, and the rest goes on. */
export function describe(name, steps) {
  let passed = true;
  group(name, () => {
    try {
      steps();
    } catch (e) {
      passed = false;
      console.error(`Exception during test "${name}" run. ${e.name}: ${e.message}`);
    }
  });
  return passed;
}
