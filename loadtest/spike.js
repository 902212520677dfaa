// Spike: whether scaling works, before a campaign. 10 users, at once 100, at once 10 again; 10 minutes.
//
// The two minutes before are the reference, the five minutes after show how long the recovery takes.
//
// Users who wait for slow answers ask less, and so hide how slow the service is. The probe beside them asks 60
// times a second whatever happens, each request on its own; its figures tell when the service has recovered.
import { sleep } from 'k6';
import { probeRequest, visit } from './lib/endpoints.js';

export const options = {
  scenarios: {
    spike: {
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
    // A request may take 5 s: as many users as may be waiting then.
    probe: { executor: 'constant-arrival-rate', exec: 'probe', rate: 60, duration: '10m', preAllocatedVUs: 301 },
  },
  thresholds: {
    http_req_duration: ['p(95)<1000'],
    http_req_failed: ['rate<0.05'],
  },
};

export function probe() {
  probeRequest();
}

export default function () {
  visit();
  // Short, so that the reference has enough requests per second to tell when the figures are back.
  sleep(0.2);
}
