import { check, group } from 'k6';
import encoding from 'k6/encoding';
import { Trend } from 'k6/metrics';
import * as pages from './src/pages/index.js';
import { makeFake } from './src/lib/fake.js';
import { settings } from './src/lib/settings.js';

const config = settings();
const perOrder = new Trend('time_per_order', true);

export const options = (({ users: vus, iterations }) => ({ vus, iterations, batch: 10, thresholds: { checks: ['rate==1'], 'http_reqs{page:OrdersPage}': [`count==${iterations * 8}`] } }))(config);

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export default async function main() {
  const fake = makeFake({ seed: 42, locale: config.locale });
  const person = { name: fake.person.fullName(), email: fake.internet.email(), street: fake.address.street(), born: fake.date.birthdate({ min: 20 }) };
  const again = makeFake({ seed: 42, locale: config.locale });
  check(person, {
    'same seed, same person': (p) => p.name === again.person.fullName() && p.email === again.internet.email(),
    'an address of mail': (p) => /^[a-z]+\.[a-z]+@example\.com$/.test(p.email),
    'grown up': (p) => p.born.getUTCFullYear() <= 1980 && p.born.toISOString().endsWith('T00:00:00.000Z'),
    'patterns': () => /^\p{L}+-\d\d[A-Z]$/u.test(fake.helpers.replaceSymbols(fake.helpers.fake('{{person.lastName}}-##?'))),
    'no such fake': () => { try { return fake.nothing && false; } catch (e) { return e instanceof TypeError; } },
  });

  const user = { ...person, token: encoding.b64encode(JSON.stringify({ sub: person.email }), 'rawurl') };
  const account = new pages.AccountPage(user);
  const orders = new pages.OrdersPage(user);
  check(orders, { 'pages have a base': (o) => o instanceof pages.base.BasePage && Object.getPrototypeOf(pages.OrdersPage) === pages.base.BasePage });

  const [name, page] = await Promise.all([account.name(), orders.open()]);
  check(name, { 'it is me': (n) => n === person.email, 'page came, too': () => page.html('title').text() === 'Shop' });

  const started = Date.now();
  const placed = await orders.place(Array.from({ length: 4 }, (_, i) => ({ item: i, to: person.street })));
  perOrder.add((Date.now() - started) / placed.length);
  check(placed, {
    'four orders with numbers of their own': (p) => new Set(p.map(({ id }) => id)).size === 4,
    'umlauts arrive': (p) => p.every(({ to }) => to === person.street),
  });
  const first = await orders.first(placed.slice(0, 3).map(({ id }) => id));
  await wait(30); // for the two that lost
  check(first, { 'one was first': (id) => placed.some((p) => p.id === id) });

  const outcomes = await Promise.allSettled([wait(5).then(() => 'late'), Promise.reject(new Error('no')), (async () => { throw new RangeError('far'); })()]);
  check(outcomes, { 'settled': (o) => o.map((x) => x.value ?? x.reason.message).join() === 'late,no,far' });
  group('groups are for what is not async', () => check(1, { sync: true }));
}
