// Everyone logs in once, keeps the token, and renews it when it is worn out.
import http from 'k6/http';
import { check, fail, sleep } from 'k6';
import { Counter } from 'k6/metrics';
import { b64decode } from 'k6/encoding';
import exec from 'k6/execution';

const logins = new Counter('logins');
const refreshes = new Counter('refreshes');
const JSON_PARAMS = { headers: { 'Content-Type': 'application/json' } };

export const options = {
  scenarios: { users: { executor: 'per-vu-iterations', vus: 3, iterations: 5, maxDuration: '30s' } },
  thresholds: { 'checks{step:use}': ['rate==1'], logins: ['count==4'], 'http_req_failed{step:use}': ['rate>0'] },
  setupTimeout: '20s',
};

// State of a virtual user, between its iterations.
let tokens;
let used = 0;

function claims(token) {
  return JSON.parse(b64decode(token.split('.')[1], 'rawurl', 's'));
}

function login(username, password) {
  const res = http.post(`${__ENV.URL}/auth/login`, JSON.stringify({ username, password }), { ...JSON_PARAMS, tags: { step: 'login' } });
  if (!check(res, { 'logged in': (r) => r.status === 200 })) fail(`${username} cannot log in: ${res.status}`);
  logins.add(1);
  return res.json();
}

function renew() {
  const res = http.post(`${__ENV.URL}/auth/refresh`, JSON.stringify({ refresh: tokens.refresh }), { ...JSON_PARAMS, tags: { step: 'refresh' } });
  refreshes.add(1);
  return { ...tokens, ...res.json() };
}

function authorized(method, path, body) {
  const ask = () => http.request(method, `${__ENV.URL}${path}`, body, { headers: { Authorization: `Bearer ${tokens.access}` }, tags: { step: 'use', name: path } });
  let res = ask();
  if (res.status === 401) {
    tokens = renew();
    res = ask();
  }
  return res;
}

export function setup() {
  const admin = login('admin', 'root');
  const users = [];
  for (let i = 1; i <= options.scenarios.users.vus; i++) users.push({ username: `user${i}`, password: `pw${i}` });
  return { users, admin, started: Date.now() };
}

export default function (data) {
  const me = data.users[(exec.vu.idInTest - 1) % data.users.length];
  tokens ??= login(me.username, me.password);
  const res = authorized('GET', '/api/me');
  used += 1;
  check(
    res,
    {
      'it is me': (r) => r.json('name') === me.username,
      'the token says so': () => claims(tokens.access).sub === me.username,
      'kept between iterations': () => used === __ITER + 1,
      'setup came before': () => Date.now() >= data.started,
    },
    { step: 'use' },
  );
  sleep(0.01);
}

export function teardown(data) {
  const res = http.post(`${__ENV.URL}/auth/logout`, null, { headers: { Authorization: `Bearer ${data.admin.access}` } });
  if (res.status !== 204) throw new Error(`logout: ${res.status}`);
}
