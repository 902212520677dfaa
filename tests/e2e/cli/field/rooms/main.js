// Every user is in several rooms at once over the WebSocket of browsers.
import { WebSocket } from 'k6/websockets';
import { check, fail } from 'k6';
import { Counter } from 'k6/metrics';
import exec from 'k6/execution';

const ROOMS = ['red', 'green', 'blue'];
const messages = new Counter('room_messages');

export const options = {
  vus: 2,
  iterations: 4,
  thresholds: Object.fromEntries(ROOMS.map((room) => [`room_messages{room:${room}}`, ['count==8']])),
};

class Room {
  constructor(name, user) {
    this.name = name;
    this.inbox = [];
    this.waiting = [];
    this.socket = new WebSocket(`${__ENV.URL.replace('http', 'ws')}/chat/${name}-${user}?user=${user}`, null, { tags: { room: name } });
    this.socket.onmessage = ({ data }) => {
      messages.add(1, { room: name });
      const message = JSON.parse(data);
      const waiting = this.waiting.shift();
      if (waiting) waiting(message);
      else this.inbox.push(message);
    };
  }

  opened() {
    return new Promise((resolve, reject) => {
      this.socket.addEventListener('open', resolve);
      this.socket.addEventListener('error', (e) => reject(new Error(e.error)));
    });
  }

  next() {
    return this.inbox.length ? Promise.resolve(this.inbox.shift()) : new Promise((resolve) => this.waiting.push(resolve));
  }

  async say(text) {
    this.socket.send(JSON.stringify({ event: 'say', text }));
    return (await this.next()).text;
  }

  leave() {
    return new Promise((resolve) => {
      this.socket.onclose = (e) => resolve(e.code);
      this.socket.send(JSON.stringify({ event: 'bye' }));
    });
  }
}

export default async function () {
  const user = `u${exec.scenario.iterationInTest}`;
  const rooms = ROOMS.map((name) => new Room(name, user));
  try {
    await Promise.all(rooms.map((room) => room.opened()));
  } catch (e) {
    fail(`no connection: ${e.message}`);
  }
  const texts = await Promise.all(rooms.map((room) => room.say(`hello ${room.name}`)));
  check(texts, { 'each room answers itself': (t) => t.join() === 'hello red,hello green,hello blue' });
  for await (const room of rooms) check(await room.say('bye'), { 'still there': (t) => t === 'bye' });
  const codes = await Promise.all(rooms.map((room) => room.leave()));
  check(codes, { 'all closed': (c) => c.every((code) => code === 1000) });
}
