// A shop with pages: what a form asks for stands in the page before.
import http from 'k6/http';
import { parseHTML } from 'k6/html';
import { check, group, sleep } from 'k6';

export const options = { vus: 2, iterations: 4, thresholds: { checks: ['rate==1'], 'group_duration{group:::checkout}': ['max<9000'] } };

export default function () {
  let page;
  group('catalogue', () => {
    page = http.get(`${__ENV.URL}/shop`);
    const doc = parseHTML(page.body);
    const titles = doc.find('ul.items li a').map((_, a) => a.text());
    const prices = doc.find('.price').toArray().map((p) => parseFloat(p.attr('data-price')));
    check(page, {
      'three things': () => titles.length === 3 && titles[1] === 'Lamp & shade',
      'prices add up': () => prices.reduce((a, b) => a + b, 0) === 61.5,
      'title by selector': (r) => r.html('title').text() === 'Shop' && r.html().find('h1').size() === 0,
    });
    doc.find('li').each((i, li) => {
      if (li.attributes().class?.value === 'sold-out' && i !== 2) throw new Error('the wrong one is sold out');
    });
  });

  group('product', () => {
    page = page.clickLink({ selector: 'a:contains("Lamp")' });
    check(page, { 'the lamp': (r) => r.url === `${__ENV.URL}/shop/item/2` && r.html('h1').text().trim() === 'Lamp & shade' });
  });

  group('cart', () => {
    const form = page.html('form#add').serializeObject();
    check(form, { 'form has its values': (f) => f.item === '2' && f.colour === 'blue' && f.gift === 'on' && f.csrf.length === 8 });
    page = page.submitForm({ formSelector: 'form#add', fields: { amount: '3', colour: 'red' }, submitSelector: 'button[name=go]' });
    check(page, {
      'three red lamps': (r) => r.status === 200 && r.html('#line').attr('data-line') === '2/3/red/on',
      'total': (r) => r.html('.total').first().text() === '60.00',
    });
  });

  group('checkout', () => {
    const csrf = page.html().find('input[name=csrf]').val();
    page = http.post(`${__ENV.URL}/shop/checkout`, { csrf, name: 'Zoë Å', 'pay[method]': 'card', agree: true }, { redirects: 0 });
    check(page, { 'sent on': (r) => r.status === 303 && /\/shop\/thanks\?order=\d+$/.test(r.headers.Location) });
    page = http.get(__ENV.URL + page.headers.Location);
    check(page, {
      thanks: (r) => r.html('p.thanks').text() === 'Thank you, Zoë Å!',
      'cookies of the session': () => http.cookieJar().cookiesForURL(`${__ENV.URL}/shop`).sid.length === 1,
    });
  });
  sleep(Math.random() * 0.02);
}
