import { check } from 'k6';
import { Trend } from 'k6/metrics';
import { Session, Get, describe } from './session.js';

export const options = {
  thresholds: {
    checks: ['rate==1.00'],
    'http_req_duration{expected_response:true}': ['p(99)<9000'],
    'http_reqs{layer:api}': ['count>=1'],
  },
  systemTags: ['status', 'method', 'url', 'name', 'group', 'check', 'expected_response', 'scenario'],
  vus: 1,
  iterations: 2,
};

const times = new Trend('response_times', true);
const session = new Session({ baseURL: __ENV.URL, headers: { Accept: 'application/json' }, tags: { layer: 'api' }, timeout: '10s' });
session.onResponse((r) => times.add(r.timings.duration, { status: String(r.status) }));

export default function () {
  describe('orders', () => {
    const { access } = session.post('/auth/login', JSON.stringify({ username: 'ann', password: 'secret' }), { headers: { 'Content-Type': 'application/json' } }).json();
    session.addHeaders({ Authorization: `Bearer ${access}`, 'X-Trace': `${__VU}-${__ITER}` });

    const created = session.post('/api/orders', { item: 7, amount: 2, note: 'two & more' }, { tags: { name: 'create' } });
    check(created, {
      created: (r) => r.status === 201,
      location: ({ headers }) => headers.Location === `/api/orders/${created.json('id')}`,
      'form was read': (r) => r.json('note') === 'two & more' && r.json('amount') === '2',
    });
    const path = created.headers['Location'];
    const changed = session.patch(path, JSON.stringify({ amount: 5 }));
    check(changed, { changed: (r) => r.json().amount === 5 && r.json().item === '7' });
    const [one, missing] = session.batch([new Get(path, { tags: { name: 'order' } }), new Get('/api/orders/0', { responseCallback: null })]);
    check(one, { 'same trace': (r) => r.json('trace') === `${__VU}-${__ITER}` });
    check(missing, { missing: (r) => r.status === 404 && r.error_code === 1404 });
    check(session.head(path), { 'no body': (r) => r.status === 200 && !r.body });
    check(session.delete(path), { deleted: (r) => r.status === 204 }) || session.addTag('dirty', 'yes');
  });
  const fine = describe('what goes wrong', () => {
    JSON.parse('{');
  });
  check(fine, { 'the exception was caught': (f) => f === false });
}
