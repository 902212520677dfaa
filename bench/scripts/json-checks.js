// A request, its JSON parsed, three checks: what a typical script does per iteration.
import http from 'k6/http';
import { check } from 'k6';

const url = `${__ENV.TARGET}json`;

export default function () {
  const res = http.get(url);
  const body = JSON.parse(res.body);
  check(res, {
    'status is 200': (r) => r.status === 200,
    'id is right': () => body.id === 42,
    'has three items': () => body.items.length === 3,
  });
}
