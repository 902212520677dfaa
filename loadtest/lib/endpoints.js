// The seven endpoints of every test, the four that write, and the visit that calls each of them once.
//
//   BASE_URL   where the service is (default http://127.0.0.1:3000)
//   HEADERS    JSON object of headers for every request, e.g. {"Authorization":"Bearer ..."}
//   WRITES     1: the write endpoints, too (brunt test --writes)
//
// Runs with brunt and with k6:  k6 run -e BASE_URL=http://127.0.0.1:3000 baseline.js
import http from 'k6/http';
import { check, group } from 'k6';

const BASE = (__ENV.BASE_URL || 'http://127.0.0.1:3000').replace(/\/+$/, '');
const HEADERS = JSON.parse(__ENV.HEADERS || '{}');
const WRITES = ['1', 'true', 'yes'].includes(__ENV.WRITES);
const PAGES = 100; // of 20 products; more than one, so that no single page answers from a cache

// Requests with parameters share one name, so that figures are by endpoint and not by URL.
function params(name, headers) {
  return { headers: { ...HEADERS, ...headers }, tags: { name } };
}

// A body that is no JSON, or has another shape, is a failed check; it must not end the iteration.
function hasShape(res, shape) {
  try {
    return shape(res.json());
  } catch (e) {
    return false;
  }
}

function verify(name, res, status, shape) {
  return check(res, {
    [`${name}: status ${status}`]: (r) => r.status === status,
    [`${name}: body`]: (r) => r.status === status && hasShape(r, shape),
  });
}

function get(name, path, shape) {
  return verify(name, http.get(BASE + path, params(name)), 200, shape);
}

export function health() {
  return get('GET /health', '/health', (body) => body.status === 'ok');
}

export function products(page) {
  return get('GET /products', `/products?page=${page}&limit=20`,
    (body) => Array.isArray(body.data) && body.data.length <= 20 && body.meta.page === page);
}

export function topProducts() {
  return get('GET /products/top', '/products/top?limit=10', (body) => Array.isArray(body.data) && body.data.length <= 10);
}

export function analyticsOverview() {
  return get('GET /analytics/overview', '/analytics/overview?period=30d', (body) => typeof body.data.totals === 'object');
}

export function analyticsRevenue() {
  return get('GET /analytics/revenue', '/analytics/revenue?period=7d', (body) => Array.isArray(body.data.days));
}

export function orchestratorStatus() {
  return get('GET /orchestrator/status', '/orchestrator/status', (body) => Array.isArray(body.data.workflows));
}

export function startWorkflow() {
  const name = 'POST /orchestrator/start';
  const body = JSON.stringify({ type: 'daily-control-loop', videoCount: 1, dryRun: true });
  const res = http.post(`${BASE}/orchestrator/start`, body, params(name, { 'Content-Type': 'application/json' }));
  return verify(name, res, 202, (answer) => answer.data.id !== undefined);
}

// The write endpoints begin work that goes on behind the answer: every answer of 200 to 299 is a success.
function write(name, path, body) {
  const res = http.post(BASE + path, JSON.stringify(body), params(name, { 'Content-Type': 'application/json' }));
  return check(res, { [`${name}: status 2xx`]: (r) => r.status >= 200 && r.status < 300 });
}

export function syncProducts() {
  return write('POST /products/sync', '/products/sync', { dryRun: true });
}

export function generateScript(productId) {
  return write('POST /content/generate-script', '/content/generate-script', { productId, dryRun: true });
}

export function generateVideo(productId) {
  return write('POST /video/generate', '/video/generate', { productId, dryRun: true });
}

export function publish(productId) {
  return write('POST /publisher/publish', '/publisher/publish', { productId, platform: 'youtube', dryRun: true });
}

// One request for the probe of the spike test: light, but it goes as deep as the service does, to its database.
export function probeRequest() {
  const name = 'GET /products';
  http.get(`${BASE}/products?page=1&limit=20`, { ...params(name), timeout: '5s' });
}

// One visit of a user: each endpoint once.
export function visit() {
  health();
  group('catalogue', () => {
    products(1 + ((__VU * 37 + __ITER) % PAGES)); // users look at different pages
    topProducts();
  });
  group('analytics', () => {
    analyticsOverview();
    analyticsRevenue();
  });
  group('orchestration', () => {
    orchestratorStatus();
    startWorkflow();
  });
  if (!WRITES) return;
  const product = 1 + ((__VU * 37 + __ITER) % PAGES);
  group('writes', () => {
    syncProducts();
    generateScript(product);
    generateVideo(product);
    publish(product);
  });
}
