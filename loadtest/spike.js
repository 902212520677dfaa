// Spike: 10 users, then 100 at once, then 10 again. 10 minutes; the end shows the recovery.
import { sleep } from 'k6';
import { visit } from './lib/endpoints.js';

export const options = {
  scenarios: {
    default: {
      executor: 'ramping-vus',
      startVUs: 10,
      stages: [
        { duration: '2m', target: 10 },
        { duration: '0s', target: 100 },
        { duration: '3m', target: 100 },
        { duration: '0s', target: 10 },
        { duration: '5m', target: 10 },
      ],
    },
  },
  thresholds: { http_req_duration: ['p(95)<1000'], http_req_failed: ['rate<0.05'] },
};

export default function () {
  visit();
  sleep(0.2);
}
