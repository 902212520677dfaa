// Stress: finds the breaking point. From 0 to 200 users within 30 minutes.
import { sleep } from 'k6';
import { visit } from './lib/endpoints.js';

export const options = {
  scenarios: {
    default: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [
        { duration: '5m', target: 50 },
        { duration: '5m', target: 50 },
        { duration: '5m', target: 100 },
        { duration: '5m', target: 150 },
        { duration: '5m', target: 200 },
        { duration: '5m', target: 200 },
      ],
    },
  },
  thresholds: { http_req_duration: ['p(95)<1000'], http_req_failed: ['rate<0.05'] },
};

export default function () {
  visit();
  sleep(0.2);
}
