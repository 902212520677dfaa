// Stress: the breaking point, before a major release. From 0 to 200 users within 30 minutes.
//
// Steps with a rest between them: a rest shows the figures of a level, a rise shows where they turn.
import { sleep } from 'k6';
import { visit } from './lib/endpoints.js';

export const options = {
  scenarios: {
    stress: {
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
  thresholds: {
    http_req_duration: ['p(95)<1000'],
    http_req_failed: ['rate<0.05'],
  },
};

// One visit without pauses: what the search for the highest rate starts again and again (brunt test --search).
export function arrival() {
  visit();
}

export default function () {
  visit();
  // Short, so that 200 users can ask for 7000 requests/s: the service is to break, not the users' patience.
  sleep(0.2);
}
