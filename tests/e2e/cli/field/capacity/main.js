// How much the search holds: more and more starts a second, and an end as soon as it breaks.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';

const PEAK = __ENV.PEAK || 60; // a string, if it comes from outside
const errors = new Rate('errors');

export let options = {
  discardResponseBodies: true,
  scenarios: {
    search: {
      executor: 'ramping-arrival-rate',
      startRate: '10',
      timeUnit: '1s',
      preAllocatedVUs: 20,
      maxVUs: '30',
      stages: [
        { target: 20, duration: '1s' },
        { target: PEAK, duration: '2s' },
        { target: PEAK, duration: '1m' },
      ],
      gracefulStop: '1s',
      exec: 'search',
    },
    health: { executor: 'constant-vus', vus: 1, duration: '1m', gracefulStop: '0s', exec: 'health' },
  },
  thresholds: {
    'http_req_failed{kind:search}': [{ threshold: 'rate<0.10', abortOnFail: true, delayAbortEval: '1s' }],
    'http_req_duration{kind:search}': ['p(95)<5000', 'max<20000'],
    'http_req_failed{kind:health}': ['rate==0'],
    'http_req_duration{kind:health,status:200}': ['med<5000'],
    errors: ['rate<0.9'],
  },
};

export function search() {
  const res = http.get(http.url`${__ENV.URL}/search?q=${__VU}`, { tags: { kind: 'search' } });
  const passed = check(res, { found: (r) => r.status === 200 }, { kind: 'search' });
  errors.add(!passed);
}

export function health() {
  http.get(`${__ENV.URL}/health`, { tags: { kind: 'health' } });
  sleep(0.1);
}
