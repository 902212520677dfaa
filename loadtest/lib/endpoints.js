// The seven endpoints that every test calls once per iteration, with their checks.
import http from 'k6/http';
import { check, group } from 'k6';

const BASE = (__ENV.BASE_URL || 'http://127.0.0.1:3000').replace(/\/$/, '');

// Requests with parameters share one name, so that figures are by endpoint and not by URL.
function get(name, path) {
  return http.get(BASE + path, { tags: { name } });
}

function ok(res, shape) {
  return check(res, {
    'status is 200': (r) => r.status === 200,
    'body has the expected shape': (r) => r.status === 200 && shape(r.json()),
  });
}

const isList = (body) => Array.isArray(body.data);

export function health() {
  return ok(get('GET /health', '/health'), (body) => body.status === 'ok');
}

export function products(page) {
  return ok(get('GET /products', `/products?page=${page}&limit=20`), (body) => isList(body) && body.meta.page === page);
}

export function topProducts() {
  return ok(get('GET /products/top', '/products/top?limit=10'), isList);
}

export function overview() {
  return ok(get('GET /analytics/overview', '/analytics/overview?period=30d'), (body) => body.data !== undefined);
}

export function revenue() {
  return ok(get('GET /analytics/revenue', '/analytics/revenue?period=7d'), (body) => body.data !== undefined);
}

export function orchestratorStatus() {
  return ok(get('GET /orchestrator/status', '/orchestrator/status'), (body) => Array.isArray(body.data.workflows));
}

export function startWorkflow() {
  const body = JSON.stringify({ type: 'daily-control-loop', videoCount: 1, dryRun: true });
  const res = http.post(`${BASE}/orchestrator/start`, body, {
    headers: { 'Content-Type': 'application/json' },
    tags: { name: 'POST /orchestrator/start' },
  });
  return check(res, { 'workflow accepted': (r) => r.status === 202 });
}

// One visit of a user: looks around, then starts a workflow.
export function visit() {
  group('catalogue', () => {
    health();
    products(1 + (__ITER % 100));
    topProducts();
  });
  group('analytics', () => {
    overview();
    revenue();
  });
  group('orchestration', () => {
    orchestratorStatus();
    startWorkflow();
  });
}
