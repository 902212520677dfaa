// Two users talk in one room over the old WebSocket module.
import ws from 'k6/ws';
import { check } from 'k6';
import { Counter, Rate, Trend } from 'k6/metrics';

const sent = new Counter('chat_sent');
const received = new Counter('chat_received');
const roundTrip = new Trend('chat_round_trip', true);
const clean = new Rate('chat_clean_close');

const MESSAGES = parseInt(__ENV.MESSAGES || '5');

export const options = {
  scenarios: { talk: { executor: 'per-vu-iterations', vus: 2, iterations: 1, maxDuration: '20s' } },
  thresholds: {
    chat_round_trip: ['p(95)<5000'],
    chat_clean_close: ['rate==1'],
    'ws_msgs_sent{room:lobby}': [`count>=${2 * (MESSAGES + 2)}`],
    checks: [{ threshold: 'rate==1', abortOnFail: true, delayAbortEval: '5s' }],
  },
};

export default function () {
  const user = `user-${__VU}`;
  const url = `${__ENV.URL.replace('http', 'ws')}/chat/lobby?user=${user}`;
  let said = 0;
  let pongs = 0;
  let joined = false;

  const res = ws.connect(url, { tags: { room: 'lobby' }, headers: { 'X-User': user } }, function (socket) {
    socket.on('open', function open() {
      socket.send(JSON.stringify({ event: 'join', user }));
      socket.setInterval(() => socket.ping(), 20);
    });
    socket.on('pong', () => pongs++);
    socket.on('message', (data) => {
      const message = JSON.parse(data);
      switch (message.event) {
        case 'joined':
          if (message.user !== user) break;
          joined = true;
          socket.setTimeout(function say() {
            socket.send(JSON.stringify({ event: 'say', text: `message ${++said}`, at: Date.now() }));
            sent.add(1, { room: 'lobby' });
            if (said < MESSAGES) socket.setTimeout(say, 15);
          }, 15);
          break;
        case 'said':
          received.add(1);
          if (message.user !== user) break;
          roundTrip.add(Date.now() - message.at);
          if (message.text === `message ${MESSAGES}`) {
            // The socket stays open until an answer to a ping was seen.
            socket.setInterval(() => pongs && socket.send(JSON.stringify({ event: 'bye' })), 10);
          }
          break;
        default:
          throw new Error(`unknown event ${message.event}`);
      }
    });
    socket.on('close', (code) => clean.add(code === 1000));
    socket.on('error', (e) => {
      if (e.error() !== 'websocket: close sent') console.error('An unexpected error occurred: ', e.error());
    });
    socket.setTimeout(() => {
      console.error('the chat took too long');
      socket.close();
    }, 15000);
  });

  check(res, { 'status is 101': (r) => r && r.status === 101 });
  check(null, { joined: () => joined, 'said everything': () => said === MESSAGES, 'answers to pings': () => pongs > 0 });
}
