// setup() begins when all virtual users are ready.
import http from 'k6/http';
import { check } from 'k6';

export function setup() {
  console.log(`ready at ${Date.now()}`);
}

export default function () {
  const res = http.get(__ENV.TARGET);
  check(res, { 'status is 200': (r) => r.status === 200 });
}
