// The shop's day: visitors who look, customers who buy, and one who checks the stock.
import http from 'k6/http';
import { check, group, sleep } from 'k6';
import exec from 'k6/execution';
import { metrics, timed } from './lib/metrics.js';
import { text, junit, html } from './lib/reports.js';

const seconds = (n) => `${n * (__ENV.PACE || 1)}s`;

export const options = {
  tags: { run: 'nightly' },
  summaryTrendStats: ['min', 'med', 'p(99.9)', 'count'],
  scenarios: {
    visitors: { executor: 'ramping-vus', startVUs: 1, stages: [{ duration: seconds(0.5), target: 3 }, { duration: seconds(0.5), target: 0 }], gracefulRampDown: '5s', exec: 'look', tags: { who: 'visitor' } },
    customers: { executor: 'per-vu-iterations', vus: 2, iterations: 3, exec: 'buy', startTime: '100ms', env: { BASKET: '3' }, tags: { who: 'customer' } },
    stock: { executor: 'shared-iterations', vus: 1, iterations: 1, exec: 'count', startTime: seconds(0.6), gracefulStop: '2s' },
  },
  thresholds: {
    'checks{who:customer}': ['rate==1'],
    'http_req_duration{who:visitor}': ['p(95)<5000'],
    'iterations{scenario:customers}': ['count == 6'],
    'http_reqs{group:::buy::basket}': ['count === 18'],
    'basket_value{currency:EUR}': ['max<=30', 'min>0'],
    carts_abandoned: ['rate<0.5'],
    stock_left: ['value>=0'],
    // This one fails: CI has to see it.
    orders_placed: [{ threshold: 'count>1000' }],
  },
};
options.thresholds[`group_duration{group:::buy}`] = [];

export function look() {
  timed('look', () => {
    const res = http.get(`${__ENV.URL}/shop`, { tags: { name: 'catalogue' } });
    check(res, { 'catalogue is there': (r) => r.status === 200 && r.body.includes('<ul') });
    metrics.abandoned.add(exec.scenario.iterationInTest % 3 === 0);
  });
  sleep(0.05);
}

export function buy() {
  timed('buy', () =>
    group('buy', () => {
      let value = 0;
      group('basket', () => {
        for (let i = 1; i <= Number(__ENV.BASKET); i++) {
          value += http.get(`${__ENV.URL}/shop/price?item=${(i % 3) + 1}`).json('price');
          exec.vu.metrics.tags.line = `${i}`;
        }
      });
      delete exec.vu.metrics.tags.line;
      const res = http.post(`${__ENV.URL}/api/orders`, { value, who: exec.vu.idInInstance }, { headers: { Authorization: 'Bearer x.eyJzdWIiOiJidXllciJ9.9' } });
      check(res, { ordered: (r) => r.status === 201, 'has a number': (r) => r.json('id') > 0, 'a customer': () => exec.vu.metrics.tags.who === 'customer' && exec.scenario.name === 'customers' });
      metrics.orders.add(1);
      metrics.basket.add(value / 10, { currency: 'EUR' });
      metrics.abandoned.add(false);
    }),
  );
}

export function count() {
  metrics.stock.add(http.get(`${__ENV.URL}/shop/price?item=1`).json('stock'));
  check(exec, { 'environment of its own': () => __ENV.BASKET === undefined, progress: (e) => e.scenario.progress >= 0 && e.instance.vusInitialized >= 1 });
}

export function handleSummary(data) {
  return {
    stdout: text(data),
    'results/junit.xml': junit(data, 'shop & more'),
    'results/summary.html': html(data, { title: 'shop' }),
    'results/summary.json': JSON.stringify(data, null, 2),
    'results/raw.bin': new Uint8Array([1, 2, 255]).buffer,
  };
}
