/* The global `crypto`: published vectors, ways there and back, and what is refused with which name. */
#include "env.h"

/* hex() and bytes(), base64url to bytes, name of a rejection. */
static const char helpers[] =
    "const s = globalThis.crypto && crypto.subtle;\n"
    "const hex = (b) => Array.from(new Uint8Array(b)).map((x) => x.toString(16).padStart(2, '0')).join('');\n"
    "const u8 = (h) => Uint8Array.from(h.match(/../g) || [], (x) => parseInt(x, 16));\n"
    "const text = (t) => new TextEncoder().encode(t);\n"
    "import enc from 'k6/encoding';\n"
    "const b64 = (t) => new Uint8Array(enc.b64decode(t, 'rawurl'));\n"
    "const b64url = (b) => enc.b64encode(b, 'rawurl');\n"
    "const fails = async (p) => { try { await p; return 'no error' } catch (e) { return e.name } };\n";

/* Runs the body of an async function and compares what it gives, as JSON with sorted keys. */
static void assert_crypto(const char *before, const char *body, const char *json)
{
    world w;
    world_init(&w, NULL, 0);
    br_buf source;
    br_buf_init(&source, 1 << 20);
    (void) br_buf_puts(&source, helpers);
    (void) br_buf_puts(&source, "export default async function () {\n");
    (void) br_buf_puts(&source, before);
    (void) br_buf_puts(&source, body);
    (void) br_buf_puts(&source, "\n}");
    world_open(&w, source.data);
    br_buf_deinit(&source);
    br_code code = world_call(&w, w.vu, "default", NULL);
    if (code != BR_OK) fail_msg("%s", w.err.msg);
    assert_string_equal(w.json, json);
    world_deinit(&w);
}

/* NIST SP 800-38A, F.2.1, F.2.5 (first block) and F.5.5; the last block of CBC is padding. */
static void aes_matches_sp_800_38a(void **state)
{
    (void) state;
    assert_crypto("",
        "const k128 = u8('2b7e151628aed2a6abf7158809cf4f3c'), plain = u8('6bc1bee22e409f96e93d7e117393172a');\n"
        "const k256 = u8('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');\n"
        "const iv = u8('000102030405060708090a0b0c0d0e0f'), counter = u8('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'), out = [];\n"
        "for (const k of [k128, k256]) { const key = await s.importKey('raw', k, 'aes-cbc', true, ['encrypt']);\n"
        "  out.push(hex(await s.encrypt({ name: 'AES-CBC', iv }, key, plain)).slice(0, 32), key.algorithm.name, key.algorithm.length) }\n"
        "const ctr = await s.importKey('raw', k256, { name: 'AES-CTR' }, true, ['encrypt', 'decrypt']);\n"
        "const c = await s.encrypt({ name: 'AES-CTR', counter, length: 128 }, ctr, plain);\n"
        "out.push(hex(c), hex(await s.decrypt({ name: 'AES-CTR', counter: counter.buffer, length: 128 }, ctr, new DataView(c))));\n"
        "return out",
        "[\"7649abac8119b246cee98e9b12e9197d\",\"AES-CBC\",128,\"f58c4c04d6e5f1ba779eabfb5f7bfbd6\",\"AES-CBC\",256,"
        "\"601ec313775789a5b7a7f504bbf3d228\",\"6bc1bee22e409f96e93d7e117393172a\"]");
}

/* Test case 4 of the GCM specification (McGrew and Viega), and shorter tags of the same text. */
static void aes_gcm_matches_its_specification(void **state)
{
    (void) state;
    assert_crypto("",
        "const key = await s.importKey('raw', u8('feffe9928665731c6d6a8f9467308308'), 'AES-GCM', false, ['encrypt', 'decrypt']);\n"
        "const plain = u8('d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39');\n"
        "const alg = { name: 'AES-GCM', iv: u8('cafebabefacedbaddecaf888'), additionalData: u8('feedfacedeadbeeffeedfacedeadbeefabaddad2') };\n"
        "const c = hex(await s.encrypt(alg, key, plain)), short = await s.encrypt({ ...alg, tagLength: 96 }, key, plain);\n"
        "return [c.slice(0, 32), c.slice(-32), hex(short) === c.slice(0, -8), hex(await s.decrypt({ ...alg, tagLength: 96 }, key, short)) === hex(plain)]",
        "[\"42831ec2217774244b7221b784d0d49c\",\"5bc94fbc3221a5db94fae95ae7121a47\",true,true]");
}

static void tampered_texts_are_refused(void **state)
{
    (void) state;
    assert_crypto("",
        "const key = await s.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);\n"
        "const cbc = await s.generateKey({ name: 'AES-CBC', length: 192 }, false, ['encrypt', 'decrypt']);\n"
        "const iv = new Uint8Array(12), iv16 = new Uint8Array(16), out = [];\n"
        "const c = new Uint8Array(await s.encrypt({ name: 'AES-GCM', iv, additionalData: text('a') }, key, text('hello')));\n"
        "const again = (change, more) => { const copy = c.slice(); change(copy); return fails(s.decrypt({ name: 'AES-GCM', iv, additionalData: text('a'), ...more }, key, copy)) };\n"
        "for (let i = 0; i < c.length; i++) if (await again((x) => { x[i] ^= 1 }) !== 'OperationError') out.push('byte ' + i);\n"
        "out.push(await again(() => {}), await again(() => {}, { additionalData: text('b') }), await again(() => {}, { iv: iv16 }), await again(() => {}, { tagLength: 120 }));\n"
        "out.push(await fails(s.decrypt({ name: 'AES-GCM', iv }, key, c.slice(0, 15))));\n"
        "const d = new Uint8Array(await s.encrypt({ name: 'AES-CBC', iv: iv16 }, cbc, text('hello')));\n"
        "out.push(await fails(s.decrypt({ name: 'AES-CBC', iv: iv16 }, cbc, d.slice(0, 15))), await fails(s.decrypt({ name: 'AES-CBC', iv: iv16 }, cbc, new Uint8Array(0))));\n"
        "return out",
        "[\"no error\",\"OperationError\",\"NotSupportedError\",\"OperationError\",\"OperationError\",\"OperationError\",\"OperationError\"]");
}

/* RFC 4231, cases 1 and 2; RFC 7515, A.1 (a key as JWK). */
static void hmac_matches_rfc_4231(void **state)
{
    (void) state;
    assert_crypto("",
        "const of = async (k, hash, t) => { const key = await s.importKey('raw', k, { name: 'HMAC', hash }, true, ['sign', 'verify']); return hex(await s.sign('HMAC', key, t)) };\n"
        "const jwk = await s.importKey('jwk', { kty: 'oct', k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow' }, { name: 'HMAC', hash: { name: 'SHA-256' } }, true, ['verify']);\n"
        "const signed = 'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';\n"
        "const mac = b64('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');\n"
        "return [await of(u8('0b'.repeat(20)), 'SHA-256', text('Hi There')), (await of(text('Jefe'), 'SHA-512', text('what do ya want for nothing?'))).slice(0, 32),\n"
        "  await s.verify('HMAC', jwk, mac, text(signed)), await s.verify('HMAC', jwk, mac, text(signed + ' ')), await s.verify('HMAC', jwk, mac.slice(1), text(signed)), await s.exportKey('jwk', jwk)]",
        "[\"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7\",\"164b7a7bfcf819e2e395fbe73b56e0a3\",true,false,false,"
        "{\"alg\":\"HS256\",\"ext\":true,\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\",\"key_ops\":[\"verify\"],\"kty\":\"oct\"}]");
}

/* RFC 6070 (SHA-1). */
static void pbkdf2_matches_rfc_6070(void **state)
{
    (void) state;
    assert_crypto("",
        "const key = (p) => s.importKey('raw', text(p), 'PBKDF2', false, ['deriveBits', 'deriveKey']), k = await key('password');\n"
        "const bits = async (k, salt, iterations, n) => hex(await s.deriveBits({ name: 'PBKDF2', hash: 'SHA-1', salt: text(salt), iterations }, k, n));\n"
        "const alg = { name: 'PBKDF2', hash: 'SHA-256', salt: text('salt'), iterations: 1 };\n"
        "return [await bits(k, 'salt', 2, 160), await bits(k, 'salt', 4096, 160), await bits(await key('passwordPASSWORDpassword'), 'saltSALTsaltSALTsaltSALTsaltSALTsalt', 4096, 200),\n"
        "  await fails(s.deriveBits({ ...alg, iterations: 0 }, k, 160)), await fails(s.deriveBits(alg, k, 7)), await fails(s.deriveBits({ ...alg, hash: 'MD5' }, k, 8)), await fails(s.deriveBits(alg, k, 0)),\n"
        "  await fails(s.deriveBits({ ...alg, iterations: 1e9 }, k, 8)), await fails(s.importKey('raw', text('x'), 'PBKDF2', true, ['deriveBits'])), await fails(s.importKey('raw', text('x'), 'PBKDF2', false, ['sign'])),\n"
        "  await fails(s.deriveKey(alg, k, { name: 'AES-CBC', length: 100 }, true, ['encrypt'])), await fails(s.deriveKey(alg, k, { name: 'AES-CBC', length: 128 }, true, [])), await fails(s.exportKey('raw', k)),\n"
        "  hex(await s.exportKey('raw', await s.deriveKey(alg, k, { name: 'AES-CBC', length: 256 }, true, ['encrypt'])))]",
        "[\"ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957\",\"4b007901b765489abead49d926f721d065a429c1\",\"3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038\","
        "\"OperationError\",\"OperationError\",\"NotSupportedError\",\"OperationError\",\"OperationError\",\"SyntaxError\",\"SyntaxError\","
        "\"OperationError\",\"SyntaxError\",\"InvalidAccessError\",\"120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b\"]");
}

/* RFC 6979, A.2.5: key and signature of "sample" with SHA-256 on P-256. */
static void ecdsa_matches_rfc_6979(void **state)
{
    (void) state;
    assert_crypto("",
        "const x = '60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6', y = '7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299';\n"
        "const d = 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721', curve = { name: 'ECDSA', namedCurve: 'P-256' }, alg = { name: 'ECDSA', hash: 'SHA-256' };\n"
        "const sig = u8('efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8');\n"
        "const jwk = { kty: 'EC', crv: 'P-256', x: b64url(u8(x)), y: b64url(u8(y)), d: b64url(u8(d)) };\n"
        "const pub = await s.importKey('raw', u8('04' + x + y), curve, true, ['verify']), key = await s.importKey('jwk', jwk, curve, true, ['sign']);\n"
        "const own = await s.sign(alg, key, text('own')), bad = sig.slice(); bad[40] ^= 4;\n"
        "const imports = (j) => fails(s.importKey('jwk', { ...jwk, ...j }, curve, true, ['sign']));\n"
        "return [await s.verify(alg, pub, sig, text('sample')), await s.verify(alg, pub, bad, text('sample')), await s.verify(alg, pub, sig, text('samples')), await s.verify({ ...alg, hash: 'SHA-1' }, pub, sig, text('sample')),\n"
        "  await s.verify(alg, pub, own, text('own')), await s.verify(alg, pub, sig.slice(1), text('sample')), key.type, pub.usages, key.algorithm, hex(await s.exportKey('raw', pub)) === '04' + x + y,\n"
        "  JSON.stringify(await s.exportKey('jwk', key)) === JSON.stringify({ kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, d: jwk.d }),\n"
        "  await imports({ x: jwk.y }), await imports({ d: jwk.x }), await imports({ kty: 'RSA' }), await imports({ crv: 'P-384' }), await imports({ y: '' }), await imports({ x: '*' }), await imports({ d: jwk.d + 'AA' }),\n"
        "  await fails(s.importKey('raw', u8('04' + y + x), curve, true, ['verify'])), await fails(s.importKey('raw', u8('02' + x), curve, true, ['verify'])),\n"
        "  await fails(s.importKey('raw', u8('04' + x + y), { ...curve, namedCurve: 'P-192' }, true, ['verify'])), await fails(s.sign(alg, pub, sig)), await fails(s.exportKey('pkcs8', pub)), await fails(s.exportKey('spki', key))]",
        "[true,false,false,false,true,false,\"private\",[\"verify\"],{\"name\":\"ECDSA\",\"namedCurve\":\"P-256\"},true,true,"
        "\"DataError\",\"DataError\",\"DataError\",\"DataError\",\"DataError\",\"DataError\",\"DataError\",\"DataError\",\"DataError\","
        "\"NotSupportedError\",\"InvalidAccessError\",\"InvalidAccessError\",\"InvalidAccessError\"]");
}

/* NIST CAVS 14.1, ECC CDH Primitive, P-256, count 0. */
static void ecdh_matches_cavs(void **state)
{
    (void) state;
    assert_crypto("",
        "const curve = { name: 'ECDH', namedCurve: 'P-256' };\n"
        "const other = await s.importKey('raw', u8('04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac'), curve, true, []);\n"
        "const own = await s.importKey('jwk', { kty: 'EC', crv: 'P-256', d: b64url(u8('7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534')),\n"
        "  x: b64url(u8('ead218590119e8876b29146ff89ca61770c4edbbf97d38ce385ed281d8a6b230')), y: b64url(u8('28af61281fd35e2fa7002523acc85a429cb06ee6648325389f59edfce1405141')) }, curve, false, ['deriveBits']);\n"
        "const derive = (n, more) => s.deriveBits({ name: 'ECDH', public: other, ...more }, own, n), p384 = await s.generateKey({ name: 'ECDH', namedCurve: 'P-384' }, true, ['deriveBits']);\n"
        "return [hex(await derive(256)), hex(await derive(null)).length, hex(await derive(64)), await fails(derive(264)), await fails(derive(9)), await fails(derive(8, { public: own })), await fails(derive(8, { public: 5 })),\n"
        "  await fails(derive(8, { public: p384.publicKey })), await fails(s.deriveBits({ name: 'ECDH', public: other }, other, 8)), p384.publicKey.usages, p384.privateKey.usages, (await s.deriveBits({ name: 'ECDH', public: p384.publicKey }, p384.privateKey)).byteLength]",
        "[\"46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b\",64,\"46fc62106420ff01\",\"OperationError\",\"NotSupportedError\",\"InvalidAccessError\",\"TypeError\","
        "\"InvalidAccessError\",\"InvalidAccessError\",[],[\"deriveBits\"],48]");
}

/* RFC 7515, A.2. */
static const char rsa_jwk[] =
    "const jwk = { kty: 'RSA', e: 'AQAB', n: 'ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ',\n"
    "  d: 'Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ',\n"
    "  p: '4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc',\n"
    "  q: 'uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc',\n"
    "  dp: 'BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0',\n"
    "  dq: 'h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU',\n"
    "  qi: 'IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U' };\n"
    "const keys = async (name) => ({ own: await s.importKey('jwk', jwk, { name, hash: 'SHA-256' }, true, [name === 'RSA-OAEP' ? 'decrypt' : 'sign']), pub: await s.importKey('jwk', { kty: 'RSA', n: jwk.n, e: jwk.e }, { name, hash: 'SHA-256' }, true, [name === 'RSA-OAEP' ? 'encrypt' : 'verify']) });\n";

static void rsassa_matches_rfc_7515(void **state)
{
    (void) state;
    assert_crypto(rsa_jwk,
        "const { own, pub } = await keys('RSASSA-PKCS1-v1_5');\n"
        "const input = text('eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ');\n"
        "const sig = await s.sign('RSASSA-PKCS1-v1_5', own, input), bad = new Uint8Array(sig).slice(); bad[9] ^= 1;\n"
        "const der = await s.exportKey('pkcs8', own), spki = await s.exportKey('spki', pub), alg = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };\n"
        "const imports = (j) => fails(s.importKey('jwk', { ...jwk, ...j }, alg, true, ['sign']));\n"
        "return [b64url(sig).slice(0, 43), await s.verify(alg, pub, sig, input), await s.verify(alg, pub, bad, input), await s.verify(alg, pub, sig, bad), own.algorithm,\n"
        "  hex(await s.sign(alg, await s.importKey('pkcs8', der, alg, false, ['sign']), input)) === hex(sig), await s.verify(alg, await s.importKey('spki', spki, alg, false, ['verify']), sig, input),\n"
        "  JSON.stringify(await s.exportKey('jwk', own)) === JSON.stringify({ kty: 'RSA', n: jwk.n, e: jwk.e, d: jwk.d, p: jwk.p, q: jwk.q, dp: jwk.dp, dq: jwk.dq, qi: jwk.qi }),\n"
        "  await imports({ n: undefined }), await imports({ q: undefined }), await imports({ q: jwk.p }), await imports({ d: jwk.dp }), await imports({ e: 'Aw' }), await imports({ n: 'A'.repeat(4000) }),\n"
        "  await fails(s.importKey('pkcs8', der.slice(0, 100), alg, false, ['sign'])), await fails(s.importKey('pkcs8', spki, alg, false, ['sign'])), await fails(s.importKey('spki', der, alg, false, [])), await fails(s.importKey('raw', der, alg, false, ['sign'])),\n"
        "  await fails(s.importKey('pkcs8', der, alg, false, [])), await fails(s.importKey('pkcs8', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])), await fails(s.importKey('spki', new Uint8Array(0), alg, false, []))]",
        "[\"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2V\",true,false,false,{\"hash\":{\"name\":\"SHA-256\"},\"modulusLength\":2048,\"name\":\"RSASSA-PKCS1-v1_5\"},true,true,true,"
        "\"DataError\",\"DataError\",\"DataError\",\"DataError\",\"DataError\",\"DataError\","
        "\"DataError\",\"DataError\",\"DataError\",\"NotSupportedError\",\"SyntaxError\",\"DataError\",\"DataError\"]");
}

static void rsa_pss_and_oaep_go_there_and_back(void **state)
{
    (void) state;
    assert_crypto(rsa_jwk,
        "const pss = await keys('RSA-PSS'), oaep = await keys('RSA-OAEP'), m = text('message'), out = [];\n"
        "for (const saltLength of [0, 20, 32]) { const sig = await s.sign({ name: 'RSA-PSS', saltLength }, pss.own, m);\n"
        "  out.push(await s.verify({ name: 'RSA-PSS', saltLength }, pss.pub, sig, m), await s.verify({ name: 'RSA-PSS', saltLength: 21 }, pss.pub, sig, m)) }\n"
        "const label = text('l'), c = await s.encrypt({ name: 'RSA-OAEP', label }, oaep.pub, m);\n"
        "out.push(c.byteLength, hex(await s.decrypt({ name: 'RSA-OAEP', label }, oaep.own, c)) === hex(m), await fails(s.decrypt('RSA-OAEP', oaep.own, c)), await fails(s.decrypt({ name: 'RSA-OAEP', label }, oaep.own, c.slice(1))),\n"
        "  await fails(s.encrypt('RSA-OAEP', oaep.pub, new Uint8Array(191))), await fails(s.encrypt('RSA-OAEP', oaep.own, m)), await fails(s.sign('RSA-PSS', pss.own, m)), await fails(s.sign({ name: 'RSA-PSS', saltLength: 300 }, pss.own, m)));\n"
        "return out",
        "[true,false,true,false,true,false,256,true,\"OperationError\",\"OperationError\",\"OperationError\",\"InvalidAccessError\",\"SyntaxError\",\"OperationError\"]");
}

static void generated_keys_work_and_say_what_they_are(void **state)
{
    (void) state;
    assert_crypto("",
        "const out = [], rsa = (more) => ({ name: 'RSA-PSS', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-1', ...more });\n"
        "const pair = await s.generateKey(rsa(), false, ['verify', 'sign']), sig = await s.sign({ name: 'RSA-PSS', saltLength: 20 }, pair.privateKey, text('x'));\n"
        "out.push(await s.verify({ name: 'RSA-PSS', saltLength: 20 }, pair.publicKey, sig, text('x')), JSON.stringify(pair.privateKey), pair.publicKey.extractable, pair.publicKey.usages);\n"
        "for (const c of ['P-256', 'P-384', 'P-521']) { const p = await s.generateKey({ name: 'ECDSA', namedCurve: c }, true, ['sign', 'verify']);\n"
        "  const copy = await s.importKey('pkcs8', await s.exportKey('pkcs8', p.privateKey), { name: 'ECDSA', namedCurve: c }, true, ['sign']), g = await s.sign({ name: 'ECDSA', hash: 'SHA-512' }, copy, text('x'));\n"
        "  out.push(g.byteLength, await s.verify({ name: 'ECDSA', hash: 'SHA-512' }, await s.importKey('spki', await s.exportKey('spki', p.publicKey), { name: 'ECDSA', namedCurve: c }, true, ['verify']), g, text('x')),\n"
        "    await fails(s.importKey('spki', await s.exportKey('spki', p.publicKey), { name: 'ECDSA', namedCurve: c === 'P-256' ? 'P-521' : 'P-256' }, true, ['verify']))) }\n"
        "const mac = await s.generateKey({ name: 'HMAC', hash: 'SHA-384' }, true, ['sign']), kw = await s.generateKey({ name: 'AES-KW', length: 128 }, true, ['wrapKey']);\n"
        "out.push(mac.algorithm, (await s.exportKey('raw', mac)).byteLength, (await s.exportKey('jwk', kw)).alg, kw instanceof crypto.CryptoKey, Object.prototype.toString.call(kw));\n"
        "return out.concat([await fails(s.generateKey(rsa({ modulusLength: 512 }), true, ['sign'])), await fails(s.generateKey(rsa({ modulusLength: 1e6 }), true, ['sign'])), await fails(s.generateKey(rsa({ publicExponent: new Uint8Array([4]) }), true, ['sign'])),\n"
        "  await fails(s.generateKey(rsa({ publicExponent: new Uint8Array([1]) }), true, ['sign'])), await fails(s.generateKey(rsa({ publicExponent: undefined }), true, ['sign'])), await fails(s.generateKey(rsa(), true, [])), await fails(s.generateKey(rsa(), true, ['encrypt'])),\n"
        "  await fails(s.generateKey({ name: 'AES-CBC', length: 129 }, true, ['encrypt'])), await fails(s.generateKey({ name: 'AES-CBC' }, true, ['encrypt'])), await fails(s.generateKey({ name: 'HMAC', hash: 'SHA-1', length: 0 }, true, ['sign'])), await fails(s.generateKey({ name: 'HMAC' }, true, ['sign'])),\n"
        "  await fails(s.generateKey({ name: 'HMAC', hash: 'SHA-1', length: 1e9 }, true, ['sign'])), await fails(s.generateKey('PBKDF2', true, ['deriveBits'])), await fails(s.generateKey(5, true, ['sign'])), await fails(s.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['deriveBits'])),\n"
        "  await fails(s.generateKey({ name: 'AES-GCM', length: 128 }, true, 'encrypt')), await fails(s.generateKey({ name: 'AES-GCM', length: 128 }, true, ['fly'])), await fails(s.generateKey({ name: 'AES-GCM', length: 128 }, true, []))])",
        "[true,\"{\\\"type\\\":\\\"private\\\",\\\"extractable\\\":false,\\\"algorithm\\\":{\\\"name\\\":\\\"RSA-PSS\\\",\\\"modulusLength\\\":1024,\\\"hash\\\":{\\\"name\\\":\\\"SHA-1\\\"}},\\\"usages\\\":[\\\"sign\\\"]}\",true,[\"verify\"],"
        "64,true,\"DataError\",96,true,\"DataError\",132,true,\"DataError\",{\"hash\":{\"name\":\"SHA-384\"},\"length\":1024,\"name\":\"HMAC\"},128,\"A128KW\",true,\"[object CryptoKey]\","
        "\"OperationError\",\"OperationError\",\"OperationError\",\"OperationError\",\"SyntaxError\",\"SyntaxError\",\"SyntaxError\","
        "\"OperationError\",\"SyntaxError\",\"OperationError\",\"SyntaxError\",\"OperationError\",\"NotSupportedError\",\"SyntaxError\",\"SyntaxError\",\"TypeError\",\"SyntaxError\",\"SyntaxError\"]");
}

static void random_values_fill_integer_arrays(void **state)
{
    (void) state;
    assert_crypto("",
        "const name = (f) => { try { f(); return 'fine' } catch (e) { return e.message.split(':')[0] } }, r = (a) => crypto.getRandomValues(a);\n"
        "const a = new Uint8Array(32), wide = r(new Uint32Array(1000)), id = crypto.randomUUID();\n"
        "return [r(a) === a, a.some((x) => x > 0), wide.every((x) => x < 256), wide.some((x) => x > 127), r(new Int8Array(1000)).some((x) => x < 0),\n"
        "  name(() => r(new Uint8Array(65537))), name(() => r(new Float64Array(1))), name(() => r(new BigInt64Array(1))), name(() => r([1])), name(() => r()),\n"
        "  /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id), id !== crypto.randomUUID()]",
        "[true,true,true,true,true,\"QuotaExceededError\",\"TypeMismatchError\",\"TypeMismatchError\",\"TypeMismatchError\",\"TypeMismatchError\",true,true]");
}

static void the_objects_are_as_in_k6(void **state)
{
    (void) state;
    assert_crypto("",
        "'use strict'; const name = (f) => { try { f(); return 'fine' } catch (e) { return e.name + ' ' + e.message } };\n"
        "const e = await s.digest('MD5', new Uint8Array(1)).catch((x) => x), view = new DataView(new Uint8Array([0, 97, 98, 99, 0]).buffer, 1, 3);\n"
        "Object.defineProperty(view, 'extra', { value: 1 }); const odd = new DataView(new ArrayBuffer(4)); Object.defineProperty(odd, 'byteLength', { value: 400 });\n"
        "return [Object.keys(s).length, name(() => { s.digest = 1 }).slice(0, 9), name(() => { crypto.subtle = 1 }).slice(0, 9), name(() => s.wrapKey()), name(() => s.unwrapKey()), name(() => new crypto.CryptoKey()).slice(0, 9),\n"
        "  String(e), JSON.stringify(Object.keys(e)), hex(await s.digest('SHA-1', view)), await fails(s.digest('SHA-1', 'abc')), await fails(s.digest('SHA-1', odd)), await fails(s.digest()), await fails(s.digest({ get name() { throw new RangeError('own') } }, view)),\n"
        "  await fails(s.exportKey('raw', {})), await fails(s.exportKey('der', {})), await fails(s.importKey('jwk', 'x', 'AES-CBC', true, ['encrypt'])), await fails(s.encrypt('AES-CBC', {}, view))]",
        "[12,\"TypeError\",\"TypeError\",\"GoError not implemented\",\"GoError not implemented\",\"TypeError\","
        "\"NotSupportedError: algorithm \\\"MD5\\\" doesn't support (in implementation) operation \\\"digest\\\"\",\"[\\\"name\\\",\\\"message\\\"]\",\"a9993e364706816aba3e25717850c26c9cd0d89d\",\"TypeError\",\"TypeError\",\"TypeError\",\"RangeError\","
        "\"InvalidAccessError\",\"NotSupportedError\",\"DataError\",\"InvalidAccessError\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aes_matches_sp_800_38a),
        cmocka_unit_test(aes_gcm_matches_its_specification),
        cmocka_unit_test(tampered_texts_are_refused),
        cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(pbkdf2_matches_rfc_6070),
        cmocka_unit_test(ecdsa_matches_rfc_6979),
        cmocka_unit_test(ecdh_matches_cavs),
        cmocka_unit_test(rsassa_matches_rfc_7515),
        cmocka_unit_test(rsa_pss_and_oaep_go_there_and_back),
        cmocka_unit_test(generated_keys_work_and_say_what_they_are),
        cmocka_unit_test(random_values_fill_integer_arrays),
        cmocka_unit_test(the_objects_are_as_in_k6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
