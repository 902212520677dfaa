// Baseline: reference figures under a light, constant load. 10 users for 5 minutes.
import { sleep } from 'k6';
import { visit } from './lib/endpoints.js';

export const options = {
  scenarios: { default: { executor: 'constant-vus', vus: 10, duration: '5m' } },
  thresholds: { http_req_duration: ['p(95)<500'], http_req_failed: ['rate<0.01'] },
};

export default function () {
  visit();
  // 10 users with 7 requests each 0.4 s are about 150 requests/s: above the 100 that production must stand.
  sleep(0.4);
}
