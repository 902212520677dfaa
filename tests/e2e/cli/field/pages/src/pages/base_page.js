import http from 'k6/http';
import { check } from 'k6';
import { baseUrl } from '../lib/settings.js';

export class BasePage {
  static path = '/';

  constructor(user) {
    this.user = user;
    this.headers = { Authorization: `Bearer x.${user.token}.9` };
  }

  async ask(method, path, body = null) {
    const response = await http.asyncRequest(method, baseUrl + path, body, { headers: this.headers, tags: { page: this.constructor.name } });
    check(response, { [`${this.constructor.name} ${method}`]: (r) => r.status < 400 });
    return response;
  }

  open() {
    return this.ask('GET', this.constructor.path);
  }
}
