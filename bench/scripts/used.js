// Virtual users that have made one request with checks, and then only exist: for memory per virtual user.
import http from 'k6/http';
import { check, sleep } from 'k6';

export default function () {
  const res = http.get(__ENV.TARGET);
  check(res, { 'status is 200': (r) => r.status === 200 });
  sleep(3600);
}
