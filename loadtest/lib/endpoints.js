// The seven endpoints of every test, and the visit that calls each of them once.
//
//   BASE_URL   where the service is (default http://127.0.0.1:3000)
//   HEADERS    JSON object of headers for every request, e.g. {"Authorization":"Bearer ..."}
//
// Runs with brunt and with k6:  k6 run -e BASE_URL=http://127.0.0.1:3000 baseline.js
import http from 'k6/http';
import { check, group } from 'k6';

const BASE = (__ENV.BASE_URL || 'http://127.0.0.1:3000').replace(/\/+$/, '');
const HEADERS = JSON.parse(__ENV.HEADERS || '{}');
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
}
