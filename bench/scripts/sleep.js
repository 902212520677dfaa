// Virtual users that do nothing but exist: for memory per virtual user.
import http from 'k6/http';
import { check, sleep } from 'k6';

export default function () {
  sleep(3600);
  const res = http.get(__ENV.TARGET);
  check(res, { 'status is 200': (r) => r.status === 200 });
}
