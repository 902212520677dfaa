// HTML in scripts as it is used: tokens, logins, links, tables.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { assertQuiet, listen, runScript } from './harness.mjs';

/** A shop whose login wants the token of its page and a cookie. */
async function shop() {
    const seen = { requests: [], logins: 0 };
    const pages = {
        '/': '<!DOCTYPE html><title>Shop</title><ul><li><a href="/item/1">One</a><li><a href="item/2?a=1&amp;b=2">Two</a></ul><a rel=next href=/login>Log in</a>',
        '/login': `<form id=search action=/search><input name=q></form><form id=login method=post action=/session>
            <input type=hidden name=csrf value="t&quot;1"><input name=user><input name=pw type=password>
            <input type=checkbox name=keep checked=checked value=yes><button type=submit name=act value=in>Go</button></form>`,
    };
    const server = http.createServer((req, res) => {
        let body = '';
        req.on('data', (data) => { body += data; });
        req.on('end', () => {
            seen.requests.push(`${req.method} ${req.url}`);
            if (req.url === '/login') res.setHeader('Set-Cookie', 'sid=7');
            if (req.url === '/session') {
                const form = new URLSearchParams(body);
                const good = form.get('csrf') === 't"1' && form.get('user') === 'ann' && form.get('pw') === 'a b&c' && form.get('keep') === 'yes' &&
                    form.get('act') === 'in' && req.headers.cookie === 'sid=7';
                if (good) seen.logins++;
                res.writeHead(good ? 200 : 403).end('<p id=hello>Hello, <b>Ann</b>!</p>');
            } else {
                res.writeHead(200, { 'Content-Type': 'text/html' }).end(pages[req.url] ?? `<h1>${req.url.replace(/&/g, '&amp;')}</h1>`);
            }
        });
    });
    return { url: await listen(server), seen };
}

const script = (body) => `import http from 'k6/http';
    import { parseHTML } from 'k6/html';
    const same = (a, b) => { if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(JSON.stringify(a) + ' is not ' + JSON.stringify(b)); };
    export default function () { ${body} }`;

export function htmlTests() {
    test('a login by hand with the token of the page', async () => {
        const { url, seen } = await shop();
        assertQuiet(await runScript(script(`
            const page = http.get('${url}/login');
            const csrf = page.html().find('input[name=csrf]').val();
            same(csrf, 't"1');
            const done = http.post('${url}/session', { csrf, user: 'ann', pw: 'a b&c', keep: 'yes', act: 'in' });
            same(done.status, 200);
            same(done.html('#hello b').text(), 'Ann');`)));
        assert.equal(seen.logins, 1);
    });

    test('a login by submitForm()', async () => {
        const { url, seen } = await shop();
        assertQuiet(await runScript(script(`
            const page = http.get('${url}/login');
            const done = page.submitForm({ formSelector: '#login', fields: { user: 'ann', pw: 'a b&c' } });
            same([done.status, done.url], [200, '${url}/session']);`)));
        assert.equal(seen.logins, 1);
    });

    test('each link of a page is followed', async () => {
        const { url, seen } = await shop();
        assertQuiet(await runScript(script(`
            const page = http.get('${url}/');
            const titles = [];
            page.html('li a').each((i, a) => titles.push(http.get(a.href()).html('h1').text()));
            same(titles, ['/item/1', '/item/2?a=1&b=2']);
            same(page.clickLink({ selector: '[rel=next]' }).url, '${url}/login');`)));
        assert.deepEqual(seen.requests, ['GET /', 'GET /item/1', 'GET /item/2?a=1&b=2', 'GET /login']);
    });

    test('documents outlive what they were made of', async () => {
        const { url } = await shop();
        assertQuiet(await runScript(script(`
            const kept = [];
            for (let i = 0; i < 50; i++) kept.push(http.get('${url}/').html('li').eq(1).find('a').get(0));
            same(kept.map((a) => a.text()).filter((t) => t !== 'Two').length, 0);
            same(kept[0].ownerDocument().nodeName(), '#document');
            same(kept[0].selection().closest('ul').children().size(), 2);`)));
    });

    test('what cannot be done says so', async () => {
        const { url } = await shop();
        assertQuiet(await runScript(script(`
            const message = (fn) => { try { fn(); } catch (e) { return e.message; } return 'nothing thrown'; };
            const d = parseHTML('<p>x</p>');
            same(message(() => parseHTML('<div>'.repeat(100000))), 'html: open stack of elements exceeds 512 nodes');
            same(message(() => parseHTML()), 'src needs to be a string');
            same(message(() => d.find(5)), 'invalid argument: Cannot use a int64 as a selector');
            same(message(() => d.each('x')), 'the argument to each() must be a function');
            same(message(() => http.get('${url}/').submitForm({ formSelector: '#no' })), "no form found for selector '#no' in response '${url}/'");
            same(message(() => parseHTML('<div>'.repeat(500)).find('p div div div div div div div')).slice(0, 31), 'the selector was given up after');
            same(d.find('p:matches((a+)+$)').size(), 0);
            same(parseHTML('<i id=a1></i><i id=b></i>').find('[id#=(?i)^A\\\\d$]').size(), 1);
            same(d.find(':::').size(), 0);`)));
    });
}
