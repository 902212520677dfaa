// The shop that the projects of field/ test: pages with forms, an API with tokens, GraphQL, uploads, chat rooms.
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import { listen } from './harness.mjs';
import { closing, FIN, frame, PING, PONG, takeFrame, TEXT, CLOSE } from './ws_server.mjs';

const ITEMS = [{ id: 1, name: 'Chair', price: 40 }, { id: 2, name: 'Lamp & shade', price: 20 }, { id: 3, name: 'Plate', price: 1.5 }];
const PRODUCTS = [['Eve', 5, ['new']], ['Bed', 90, ['new', 'big']], ['Cup', 3], ['Fan', 30, []], ['Hat', 12, ['old']]].map(([name, price, tags], i) => ({ id: `p${i}`, name, price, tags }));
const USES_OF_A_TOKEN = 2;

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** The parts of a multipart body, read strictly: every line has to be where RFC 7578 wants it. */
function readParts(body, type) {
    const boundary = /boundary="?([^";]+)/.exec(type)?.[1], text = body.toString('latin1');
    const pieces = text.split(`--${boundary}`);
    if (pieces[0] !== '' || !/^--(\r\n)?$/.test(pieces.at(-1))) return null;
    return pieces.slice(1, -1).map((piece) => {
        const [, head, content] = /^\r\n([^]*?)\r\n\r\n([^]*)\r\n$/.exec(piece);
        const data = Buffer.from(content, 'latin1');
        return { name: / name="([^"]*)"/.exec(head)[1], filename: /filename="([^"]*)"/.exec(head)?.[1], type: /Content-Type: (.*)/i.exec(head)?.[1], text: data.toString(), sha256: createHash('sha256').update(data).digest('hex') };
    });
}

export class Shop {
    orders = new Map();
    seen = {}; // requests by "METHOD /path", numbers taken out
    tokens = new Map(); // of access -> uses left
    carts = new Map(); // session -> {csrf, line, total}
    rooms = new Map(); // name -> sockets
    said = 0;
    failing = false; // the search

    async start() {
        const server = http.createServer({ keepAliveTimeout: 60000 }, (request, response) => {
            const chunks = [];
            request.on('data', (c) => chunks.push(c)).on('end', () => this.answer(request, response, Buffer.concat(chunks)));
        });
        server.on('upgrade', (request, socket) => this.chat(request, socket));
        return listen(server);
    }

    answer(request, response, body) {
        const url = new URL(request.url, 'http://x'), { method } = request;
        const path = url.pathname.replace(/\d+/g, 'N');
        this.seen[`${method} ${path}`] = (this.seen[`${method} ${path}`] ?? 0) + 1;
        const json = (status, value, headers = {}) => response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(value === undefined ? '' : JSON.stringify(value));
        const page = (title, content) => response.setHeader('Content-Type', 'text/html; charset=utf-8').end(`<!DOCTYPE html><html><head><title>${title}</title></head><body>${content}</body></html>`);
        const context = { request, response, body, url, method, json, page };
        const area = /^\/(auth|api|shop|graphql|upload|raw|search|health)/.exec(url.pathname)?.[1];
        return area ? this[area](context) : json(404, { error: 'no such page' });
    }

    health({ response }) { response.end('up'); }

    search({ json }) {
        const n = this.seen['GET /search'];
        this.failing ||= n > 40; // holds for the first forty, then breaks
        return this.failing && n % 2 ? json(503, {}) : json(200, { hits: [] });
    }

    raw({ request, body, json }) { json(200, { size: body.length, type: request.headers['content-type'] }); }

    upload({ request, body, json }) {
        const parts = readParts(body, request.headers['content-type'] ?? '');
        return parts ? json(200, { parts }) : json(400, { error: 'no parts' });
    }

    token(sub) {
        const access = `${encode({ alg: 'none' })}.${encode({ sub, jti: randomBytes(4).toString('hex') })}.${encode(sub)}`;
        this.tokens.set(access, USES_OF_A_TOKEN);
        return access;
    }

    auth({ url, request, body, json }) {
        const bearer = request.headers.authorization?.slice(7);
        if (url.pathname === '/auth/logout') return this.tokens.delete(bearer) ? json(204) : json(401, {});
        const said = JSON.parse(body);
        if (url.pathname === '/auth/login') return json(200, { access: this.token(said.username), refresh: `r-${said.username}`, expires_in: 60 });
        return json(200, { access: this.token(said.refresh.slice(2)) });
    }

    api(context) {
        const { request, url, method, body, json } = context, bearer = request.headers.authorization?.slice(7) ?? '';
        const sub = bearer.split('.')[1] && JSON.parse(Buffer.from(bearer.split('.')[1], 'base64url')).sub;
        if (!sub) return json(401, {});
        if (url.pathname === '/api/me') {
            const left = this.tokens.get(bearer) ?? Infinity;
            if (left <= 0) return json(401, { error: 'expired' });
            this.tokens.set(bearer, left - 1);
            return json(200, { name: sub });
        }
        if (method === 'POST') {
            const id = this.seen['POST /api/orders'];
            this.orders.set(String(id), Object.fromEntries(new URLSearchParams(body.toString())));
            return json(201, { id, ...this.orders.get(String(id)) }, { Location: `/api/orders/${id}` });
        }
        const id = url.pathname.split('/').at(-1), order = this.orders.get(id);
        if (!order) return json(404, {});
        if (method === 'DELETE') this.orders.delete(id);
        if (method === 'DELETE') return json(204);
        if (method === 'PATCH') Object.assign(order, JSON.parse(body));
        return json(200, { id: Number(id), ...order, trace: request.headers['x-trace'] });
    }

    graphql({ request, body, json }) {
        const { query, variables, operationName } = JSON.parse(body);
        if (!query.includes(operationName)) return json(400, {});
        if (operationName === 'Login') return json(200, { data: { login: { token: `t-${variables.user}` } } });
        if (!request.headers.authorization?.startsWith('Bearer t-')) return json(200, { errors: [{ message: 'not logged in', code: 'UNAUTHENTICATED' }] });
        const sorted = [...PRODUCTS].sort((a, b) => (variables.sort === 'CHEAPEST' ? a.price - b.price : 0));
        const from = variables.after ? Number(variables.after) + 1 : 0, nodes = sorted.slice(from, from + variables.first);
        const edges = nodes.map((node, i) => ({ node, cursor: String(from + i) }));
        return json(200, { data: { products: { edges, pageInfo: { hasNextPage: from + nodes.length < sorted.length, endCursor: edges.at(-1)?.cursor ?? null } } } });
    }

    /** The session of the cookie, or a new one. */
    cart({ request, response }) {
        const sid = /sid=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? randomBytes(4).toString('hex');
        if (!this.carts.has(sid)) this.carts.set(sid, {});
        response.setHeader('Set-Cookie', `sid=${sid}; Path=/shop; HttpOnly`);
        return this.carts.get(sid);
    }

    shop(context) {
        const { url, method, body, json, page, response } = context, place = url.pathname.slice('/shop'.length);
        if (place === '/price') return json(200, { price: ITEMS[url.searchParams.get('item') - 1].price, stock: 5 });
        const cart = this.cart(context), form = new URLSearchParams(body.toString());
        const hidden = () => `<input type="hidden" name="csrf" value="${(cart.csrf = randomBytes(4).toString('hex'))}">`;
        const item = /^\/item\/(\d)$/.exec(place);
        if (item) {
            const { id, name } = ITEMS[item[1] - 1];
            return page('Item', `<h1> ${escape(name)} </h1><form id="other" action="/nowhere"></form><form id="add" method="post" action="../cart">${hidden()}<input name="item" value="${id}" type="hidden"><input name="amount" value="1">
                <select name="colour"><option>red</option><option selected>blue</option></select><input type="checkbox" name="gift" checked="checked"><button name="go" value="buy">Buy</button><button name="later">Later</button></form>`);
        }
        if (place === '/cart' && method === 'POST') {
            if (form.get('csrf') !== cart.csrf || form.get('go') !== 'buy' || form.has('later')) return json(403, {});
            cart.total = ITEMS[form.get('item') - 1].price * form.get('amount');
            return page('Cart', `<p id="line" data-line="${['item', 'amount', 'colour', 'gift'].map((n) => form.get(n)).join('/')}"></p><b class="total">${cart.total.toFixed(2)}</b><form>${hidden()}</form>`);
        }
        if (place === '/checkout') {
            if (form.get('csrf') !== cart.csrf || form.get('pay[method]') !== 'card' || form.get('agree') !== 'true') return json(403, {});
            cart.name = form.get('name');
            return response.writeHead(303, { Location: `/shop/thanks?order=${this.seen['POST /shop/checkout']}` }).end();
        }
        if (place === '/thanks') return page('Thanks', `<p class="thanks">Thank you, ${escape(cart.name)}!</p>`);
        return page('Shop', `<ul class="items">${ITEMS.map((i) => `<li${i.id === 3 ? ' class="sold-out"' : ''}><a href="shop/item/${i.id}">${escape(i.name)}</a> <span class="price" data-price="${i.price}"></span></li>`).join('')}</ul>`);
    }

    chat(request, socket) {
        const url = new URL(request.url, 'http://x'), user = url.searchParams.get('user'), name = url.pathname.slice('/chat/'.length);
        const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
        const room = this.rooms.get(name) ?? new Set();
        this.rooms.set(name, room.add(socket));
        let rest = Buffer.alloc(0);
        socket.on('error', () => {}).on('close', () => room.delete(socket)).on('data', (data) => {
            rest = Buffer.concat([rest, data]);
            for (let f = takeFrame(rest); f; f = takeFrame(rest)) {
                rest = f.rest;
                const kind = f.first & 15;
                if (kind === PING) socket.write(frame(FIN | PONG, f.data));
                else if (kind === CLOSE) socket.end(closing(1000));
                else if (kind === TEXT) this.hear(room, socket, user, JSON.parse(f.data));
            }
        });
    }

    hear(room, socket, user, message) {
        if (message.event === 'bye') return socket.write(closing(1000));
        if (message.event === 'say') this.said++;
        const answer = JSON.stringify({ ...message, event: message.event === 'say' ? 'said' : 'joined', user });
        for (const other of room) other.write(frame(FIN | TEXT, answer));
    }
}
