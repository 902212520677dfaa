// A WebSocket server on node's net, for the tests: good, strange and hostile. The path says what it does.
import crypto from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { listen } from './harness.mjs';

export const FIN = 0x80, RSV1 = 0x40;
export const TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;
const EXTENSION = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

export function frame(first, payload) {
    const data = Buffer.from(payload);
    const n = data.length;
    const head = n < 126 ? Buffer.from([first, n]) : n < 65536 ? Buffer.from([first, 126, n >> 8, n & 255]) : Buffer.alloc(10);
    if (n >= 65536) {
        head[0] = first;
        head[1] = 127;
        head.writeBigUInt64BE(BigInt(n), 2);
    }
    return Buffer.concat([head, data]);
}

export const closing = (code, reason = '') => frame(FIN | CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]));

export function deflated(text) {
    const packed = zlib.deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    return packed.subarray(0, packed.length - 4);
}

const inflated = (data) => zlib.inflateRawSync(Buffer.concat([data, Buffer.from([0, 0, 255, 255])]), { finishFlush: zlib.constants.Z_SYNC_FLUSH });

/** The first client's frame in `buf`: {first, data, rest}, or null if it is cut. Unmasked ones are a mistake. */
export function takeFrame(buf) {
    if (buf.length < 6) return null;
    if (!(buf[1] & 0x80)) throw new Error('a client must mask');
    let n = buf[1] & 127, at = 2;
    if (n === 126) { n = buf.readUInt16BE(2); at = 4; }
    if (n === 127) { n = Number(buf.readBigUInt64BE(2)); at = 10; }
    if (buf.length < at + 4 + n) return null;
    const key = buf.subarray(at, at + 4);
    const data = Buffer.from(buf.subarray(at + 4, at + 4 + n).map((b, i) => b ^ key[i & 3]));
    return { first: buf[0], data, rest: buf.subarray(at + 4 + n) };
}

/** What the server does once the connection is open, and with each message of the client. */
const behaviours = {
    echo: { message: (c, first, data) => c.write(frame(first, data)) },
    shout: { message: (c, first, data) => c.write(frame(first, deflated(inflated(data).toString().toUpperCase()))), deflate: true },
    binary: { open: (c) => c.write(frame(FIN | BINARY, [0, 1, 254, 255])) },
    silent: {},
    headers: { open: (c, head) => { c.write(frame(FIN | TEXT, head)); c.write(closing(1000)); } },
    close: { open: (c) => c.write(closing(4001, 'enough')) },
    drop: { message: (c) => c.end() },
    reset: { message: (c) => c.resetAndDestroy() },
    flood: { open: (c) => { const lot = frame(FIN | BINARY, Buffer.alloc(1 << 20)); const more = () => { while (!c.destroyed && c.write(lot)); }; c.on('drain', more); more(); } },
    pings: { open: (c) => { c.pause(); const lot = Buffer.concat(Array(2000).fill(frame(FIN | PING, 'x'.repeat(125)))); const more = () => { while (!c.destroyed && c.write(lot)); }; c.on('drain', more); more(); } },
    huge: { open: (c) => c.write(Buffer.from([FIN | BINARY, 127, 0, 0, 0, 0, 255, 0, 0, 0])) },
    half: { open: (c) => c.end(Buffer.from([FIN | TEXT, 100, 65, 66])) },
    opcode: { open: (c) => c.write(frame(FIN | 3, 'x')) },
    masked: { open: (c) => c.write(Buffer.from([FIN | TEXT, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])) },
    utf8: { open: (c) => c.write(frame(FIN | TEXT, [0xc3, 0x28])) },
    bomb: { open: (c) => c.write(frame(FIN | RSV1 | BINARY, deflated(Buffer.alloc(80 << 20)))), deflate: true },
    garbage: { open: (c) => c.write('HTTP/1.1 400 Bad Request\r\n\r\n') },
};

function answer(c, name, head, seen) {
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
    const offered = /^sec-websocket-protocol: *([^\r,]+)/im.exec(head)?.[1];
    const digest = crypto.createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: keep-alive, Upgrade',
        `Sec-WebSocket-Accept: ${name === 'accept' ? 'bm90IHRoZSBhbnN3ZXI=' : digest}`, 'Set-Cookie: seen=yes; Path=/'];
    if (offered) lines.push(`Sec-WebSocket-Protocol: ${offered}`);
    if (behaviours[name]?.deflate) lines.push(`Sec-WebSocket-Extensions: ${EXTENSION}`);
    if (name === 'extension') lines.push('Sec-WebSocket-Extensions: permessage-deflate');
    seen.opened++;
    c.write(`${lines.join('\r\n')}\r\n\r\n`);
    behaviours[name]?.open?.(c, head);
}

function onFrame(c, name, first, data, seen) {
    const opcode = first & 15;
    if (opcode === CLOSE) {
        seen.closes.push(data.length >= 2 ? data.readUInt16BE(0) : 0);
        if (name !== 'silent') c.end(frame(FIN | CLOSE, data));
    } else if (opcode === PING) {
        c.write(frame(FIN | PONG, data));
    } else if (opcode !== PONG) {
        behaviours[name]?.message?.(c, first, data);
    }
}

function serveOne(c, seen) {
    c.setNoDelay?.(true);
    let buf = Buffer.alloc(0), name = null;
    c.on('error', () => {});
    c.on('data', (data) => {
        buf = Buffer.concat([buf, data]);
        const end = buf.indexOf('\r\n\r\n');
        if (name === null && end >= 0) {
            const head = buf.subarray(0, end + 2).toString();
            name = head.split(' ')[1].slice(1);
            buf = buf.subarray(end + 4);
            seen.heads.push(head);
            if (name === 'refuse') c.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nno ws');
            else answer(c, name, head, seen);
        }
        for (let f; name !== null && (f = takeFrame(buf)) !== null;) {
            buf = f.rest;
            onFrame(c, name, f.first, f.data, seen);
        }
    });
    c.on('close', () => seen.gone++);
}

/** Starts one; `seen` has the heads of the handshakes, the codes of close frames, and counts connections. */
export async function serveWebSockets(certificate) {
    const seen = { heads: [], closes: [], opened: 0, gone: 0 };
    const handler = (c) => serveOne(c, seen);
    const server = certificate ? tls.createServer({ ...certificate, ALPNProtocols: ['h2', 'http/1.1'] }, handler) : net.createServer(handler);
    const url = (await listen(server)).replace('http:', certificate ? 'wss:' : 'ws:');
    return { url, seen };
}
