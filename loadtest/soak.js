// Soak: leaks, before production. 50 users for 2 hours.
import { sleep } from 'k6';
import { visit } from './lib/endpoints.js';

export const options = {
  scenarios: {
    soak: { executor: 'constant-vus', vus: 50, duration: '2h' },
  },
  thresholds: {
    http_req_duration: ['p(95)<500'],
    http_req_failed: ['rate<0.01'],
  },
};

export default function () {
  visit();
  // Up to 350 requests/s: a steady working load. Leaks need time and repetition, not pressure.
  sleep(1);
}
