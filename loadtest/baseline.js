// Baseline: reference figures under a light, constant load, after every deployment. 10 users for 5 minutes.
//
// brunt.yaml says the same load and what passes; the thresholds here are the part of it that k6 can express.
import { sleep } from 'k6';
import { visit } from './lib/endpoints.js';

export const options = {
  scenarios: {
    baseline: { executor: 'constant-vus', vus: 10, duration: '5m' },
  },
  thresholds: {
    http_req_duration: ['p(95)<500'],
    http_req_failed: ['rate<0.01'],
  },
};

export default function () {
  visit();
  // 7 requests per visit and 0.4 s between visits: 10 users make up to 175 requests/s, and still more than the
  // 100 requests/s that production must stand while an answer takes less than 43 ms on average.
  sleep(0.4);
}
