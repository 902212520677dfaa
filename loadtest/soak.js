// Soak: leaks show only with time. 50 users for 2 hours.
import { sleep } from 'k6';
import { visit } from './lib/endpoints.js';

export const options = {
  scenarios: { default: { executor: 'constant-vus', vus: 50, duration: '2h' } },
  thresholds: { http_req_duration: ['p(95)<500'], http_req_failed: ['rate<0.01'] },
};

export default function () {
  visit();
  sleep(1);
}
