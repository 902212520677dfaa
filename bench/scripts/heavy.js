// What a big script brings along: two libraries, and 10 MB of data that all virtual users share. After one request
// with checks they only exist: for memory per virtual user.
import http from 'k6/http';
import { check, sleep } from 'k6';
import { SharedArray } from 'k6/data';
import papaparse from './lib/papaparse.min.js';
import { randomItem, uuidv4 } from './lib/utils.js';

const ROWS = 100000;

const people = new SharedArray('people', () => {
  const lines = ['id,name,mail,text'];
  for (let i = 0; i < ROWS; i++) lines.push(`${i},"user, number ${i}",user${i}@example.com,${'x'.repeat(40)}`);
  return papaparse.parse(lines.join('\n'), { header: true }).data;
});

export default function () {
  const person = randomItem(people);
  const res = http.get(__ENV.TARGET, { headers: { 'X-Id': uuidv4() }, tags: { name: 'start' } });
  check(res, { 'status is 200': (r) => r.status === 200, 'has a person': () => person.mail.includes('@') });
  sleep(3600);
}
