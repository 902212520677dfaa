// An iteration with the calls that most scripts make: group, request with tags, check, json(), metrics of its own.
import http from 'k6/http';
import { check, group } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';

const url = `${__ENV.TARGET}json`;
const items = new Counter('items');
const right = new Rate('right');
const took = new Trend('took', true);

export default function () {
  group('order', () => {
    const res = http.get(url, { headers: { Accept: 'application/json' }, tags: { kind: 'list' } });
    const ok = check(res, {
      'status is 200': (r) => r.status === 200,
      'id is right': (r) => r.json('id') === 42,
    });
    right.add(ok);
    items.add(res.json('items.#'), { kind: 'list' });
    took.add(res.timings.duration);
  });
}
