// Products from a spreadsheet, one by one with their pictures, by as many users as it takes.
import http from 'k6/http';
import { check } from 'k6';
import { SharedArray } from 'k6/data';
import { scenario } from 'k6/execution';
import crypto from 'k6/crypto';
import papaparse from './lib/papaparse.js';
import { FormData } from './lib/formdata.js';

const config = JSON.parse(open('./data/config.json'));
const products = new SharedArray('products', function () {
  return papaparse.parse(open('./data/products.csv'), { header: true, dynamicTyping: { price: true }, skipEmptyLines: true }).data;
});
const pictures = config.regions.map((region) => open(`./data/${region}.bin`, 'b'));

export const options = {
  scenarios: { import: { executor: 'shared-iterations', vus: 2, iterations: products.length, maxDuration: '20s' } },
  thresholds: { checks: ['rate==1'], iterations: [`count==${products.length}`] },
};

export default function () {
  const product = products[scenario.iterationInTest];
  const simple = http.post(`${__ENV.URL}/upload`, { sku: product.sku, picture: http.file(pictures[0], `${product.sku}.png`, 'image/png'), size: 3 });
  check(simple, {
    'uploaded': (r) => r.status === 200,
    'picture is whole': (r) => r.json(`parts.#(name=="picture").sha256`) === crypto.sha256(pictures[0], 'hex'),
    'picture has a name': (r) => r.json('parts.#(name=="picture").filename') === `${product.sku}.png`,
    'fields': (r) => r.json('parts.#(name=="sku").text') === product.sku && r.json('parts.#(name=="size").text') === '3',
  });

  const form = new FormData();
  form.append('title', product.title);
  for (const [i, data] of pictures.entries()) form.append('picture', { data, filename: `${config.regions[i]}.bin`, content_type: 'application/octet-stream' });
  form.append('price', { data: JSON.stringify({ price: product.price }), filename: 'price.json', content_type: 'application/json' });
  const several = http.post(`${__ENV.URL}/upload`, form.body(), { headers: { 'Content-Type': `multipart/form-data; boundary=${form.boundary}` } });
  check(several, {
    'several of one name': (r) => r.json('parts.#(name=="picture")#|#') === 2,
    'all whole': (r) => pictures.every((p, i) => r.json('parts')[i + 1].sha256 === crypto.sha256(p, 'hex')),
    'title': (r) => r.json('parts.0.text') === product.title && ['Chair, wooden', '12" plate', 'Löffel'].includes(product.title),
    'price': (r) => JSON.parse(r.json('parts.3.text')).price === product.price && typeof product.price === 'number',
  });
  const raw = http.put(`${__ENV.URL}/raw`, new Uint8Array(pictures[1]).subarray(1, 3).slice().buffer, { headers: { 'Content-Type': 'image/png' } });
  check(raw, { 'two bytes': (r) => r.json('size') === 2 && r.json('type') === 'image/png' });
}
