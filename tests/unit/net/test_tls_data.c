/* net/tls.h: bytes in both directions, and servers that stop, cut, turn bits over, or speak something else.
 */
#include "tls_peer.h"
#include <stdio.h>
#include <string.h>

#define GOOD_BYE STEP(TLS_NOTIFY), STEP(TLS_WAIT)

static void run_script(peer *p, const tls_script *script, int version)
{
    peer_init(p);
    p->server_options.max = version;
    p->send = A_REQUEST;
    peer_serve(p, script, 1);
    peer_run(p);
}

/* Much to write -------------------------------------------------------------------------------------- */

#define BIG_HEAD "POST / HTTP/1.1\r\nContent-Length: 12582912\r\n\r\n"
#define BIG      ((size_t) 12 << 20)

static void assert_big_upload(const peer *p)
{
    /* Mostly a remainder waits; a peer that reads as fast as it is written to leaves none. */
    assert_true(p->write_code == BR_AGAIN || p->write_code == BR_OK);
    assert_int_equal(p->sent, p->write_code == BR_AGAIN);
    assert_string_equal(p->last, "thanks");
    assert_closed(p, BR_EOF, BR_STREAM_READ, "");
    assert_int_equal(tls_server_requests(p->server), 1);
    assert_true(p->tls.stream.sent_bytes > BIG);
    assert_int_equal(p->tls.stream.sent_bytes, tls_server_received(p->server));
    assert_null(p->tls._sending.data); /* nothing is kept for the next one */
}

static void run_upload(peer *p, const tls_script *script, int version)
{
    peer_init(p);
    p->server_options.max = version;
    p->send = BIG_HEAD;
    p->fill = BIG;
    peer_serve(p, script, 1);
    peer_run(p);
    assert_big_upload(p);
}

static void a_large_body_up(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_PAUSE, .ms = 20), STEP(TLS_REQUEST),
        STEP(TLS_SEND, .text = "thanks"), GOOD_BYE}};
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        peer p;
        run_upload(&p, &script, version);
        /* Full records only, but for the last. */
        assert_int_equal(tls_server_records(p.server), (BIG + strlen(BIG_HEAD) + 16383) / 16384);
        peer_deinit(&p);
    }
}

/* Whoever writes fast does not hold everything in encrypted form. */
static void waiting_bytes_are_few(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_PAUSE, .ms = 200), STEP(TLS_WAIT)}};
    peer p;
    peer_init(&p);
    p.server_options.max = TLS1_3_VERSION;
    p.send = BIG_HEAD;
    p.fill = BIG;
    p.stop_on_open = true;
    peer_serve(&p, &script, 1);
    peer_run(&p);
    assert_int_equal(p.write_code, BR_AGAIN);
    assert_true(p.tls._sending.len > 0 && p.tls._sending.len < BR_TLS_AHEAD_BYTES + 20000);
    assert_int_equal(p.tls._next.len, 0);
    peer_deinit(&p);
}

static void small_pieces_make_one_record(void **state)
{
    (void) state;
    static const tls_script script = {
        {STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "thanks"), GOOD_BYE}};
    peer p;
    peer_init(&p);
    p.send = "POST / HTTP/1.1\r\nContent-Length: 9000\r\n\r\n";
    p.fill = 9000;
    peer_serve(&p, &script, 1);
    peer_run(&p);
    assert_string_equal(p.last, "thanks");
    assert_int_equal(p.write_code, BR_OK);
    assert_int_equal(p.sent, 0);
    assert_int_equal(tls_server_records(p.server), 1);
    peer_deinit(&p);
}

/* Much to read --------------------------------------------------------------------------------------- */

static void a_large_body_down(void **state)
{
    (void) state;
    static const tls_script script = {
        {STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .n = 5000000), GOOD_BYE}};
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        peer p;
        run_script(&p, &script, version);
        assert_closed(&p, BR_EOF, BR_STREAM_READ, "");
        assert_int_equal(p.received, 5000000);
        assert_true(p.tls.stream.received_bytes > 5000000);
        peer_deinit(&p);
    }
}

static void byte_by_byte(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_DRIP), STEP(TLS_SHAKE), STEP(TLS_REQUEST),
        STEP(TLS_SEND, .text = "hel"), STEP(TLS_SEND, .text = "lo"), GOOD_BYE}};
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        peer p;
        run_script(&p, &script, version);
        assert_closed(&p, BR_EOF, BR_STREAM_READ, "");
        assert_string_equal(p.last, "lo");
        assert_int_equal(p.received, 5);
        peer_deinit(&p);
    }
}

/* The owner closes, and may free, at the first of many records. */
static void closed_between_records(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "one"),
        STEP(TLS_SEND, .text = "two"), STEP(TLS_WAIT)}};
    peer p;
    peer_init(&p);
    p.send = A_REQUEST;
    p.close_on_data = true;
    peer_serve(&p, &script, 1);
    peer_run(&p);
    assert_string_equal(p.last, "one");
    assert_int_equal(p.closed, 0);
    peer_deinit(&p);
}

/* Renegotiation, keys -------------------------------------------------------------------------------- */

static void renegotiation_in_an_answer(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "one"),
        STEP(TLS_RENEGOTIATE), STEP(TLS_SHAKE), STEP(TLS_SEND, .text = "two"), GOOD_BYE}};
    peer p;
    run_script(&p, &script, TLS1_2_VERSION);
    assert_closed(&p, BR_EOF, BR_STREAM_READ, "");
    assert_int_equal(p.received, 6);
    assert_string_equal(p.last, "two");
    peer_deinit(&p);
}

static void renegotiation_before_a_request(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_RENEGOTIATE), STEP(TLS_REQUEST),
        STEP(TLS_RENEGOTIATE), STEP(TLS_SEND, .text = "thanks"), GOOD_BYE}};
    peer p;
    run_script(&p, &script, TLS1_2_VERSION);
    assert_closed(&p, BR_EOF, BR_STREAM_READ, "");
    assert_string_equal(p.last, "thanks");
    peer_deinit(&p);
}

/* What is not written yet waits for the end of it. */
static void renegotiation_in_a_large_body(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_PAUSE, .ms = 20), STEP(TLS_RENEGOTIATE),
        STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "thanks"), GOOD_BYE}};
    peer p;
    run_upload(&p, &script, TLS1_2_VERSION);
    peer_deinit(&p);
}

static void key_updates(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "one"),
        STEP(TLS_KEY_UPDATE), STEP(TLS_SEND, .text = "two"), STEP(TLS_KEY_UPDATE), STEP(TLS_REQUEST),
        STEP(TLS_SEND, .text = "three"), GOOD_BYE}};
    peer p;
    peer_init(&p);
    p.send = A_REQUEST;
    p.stop_at = 6;
    peer_serve(&p, &script, 1);
    peer_run(&p);
    assert_string_equal(p.last, "two");
    p.stop_at = 0;
    peer_write(&p, A_REQUEST);
    peer_again(&p);
    assert_closed(&p, BR_EOF, BR_STREAM_READ, "");
    assert_string_equal(p.last, "three");
    peer_deinit(&p);
}

static void key_updates_in_a_large_body(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_PAUSE, .ms = 20), STEP(TLS_KEY_UPDATE),
        STEP(TLS_KEY_UPDATE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "thanks"), GOOD_BYE}};
    peer p;
    run_upload(&p, &script, TLS1_3_VERSION);
    peer_deinit(&p);
}

/* Each one has to be answered; a server that does not read the answers would have us keep them all. */
static void a_flood_of_key_updates(void **state)
{
    (void) state;
    static const tls_script script = {{STEP(TLS_SHAKE), STEP(TLS_KEY_UPDATE), STEP(TLS_AGAIN, .n = 1)}};
    peer p;
    peer_init(&p);
    p.send = BIG_HEAD;
    p.fill = BIG;
    p.time_limit = 60 * BR_SEC;
    peer_serve(&p, &script, 1);
    peer_run(&p);
    assert_closed(&p, BR_ETLS, BR_STREAM_READ, "tls: too many ignored records");
    peer_deinit(&p);
}

/* Ends ----------------------------------------------------------------------------------------------- */

static void ends_of_answers(void **state)
{
    (void) state;
    static const struct {
        tls_script script;
        size_t received;
        br_code code;
        const char *error;
    } cases[] = {
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "hello")}}, 5, BR_EOF, ""},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "hello"),
             STEP(TLS_CUT, .text = "more", .n = 3)}},
            5, BR_ETRUNCATED, ""},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_CUT, .text = "more", .n = 24)}}, 0, BR_ETRUNCATED,
            ""},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "hello"), STEP(TLS_NOTIFY),
             STEP(TLS_RAW, .text = "noise"), STEP(TLS_WAIT)}},
            5, BR_EOF, ""},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "hello"),
             STEP(TLS_CORRUPT, .text = "more"), STEP(TLS_WAIT)}},
            5, BR_ETLSALERT, "local error: tls: bad record MAC"},
        {{{STEP(TLS_SHAKE), STEP(TLS_REQUEST), STEP(TLS_SEND, .text = "hello"),
             STEP(TLS_RAW, .text = "\x17\x03\x03\x7f\x7f noise"), STEP(TLS_WAIT)}},
            5, BR_ENOTTLS, "tls: oversized record received"},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases) * 2; i++) {
        peer p;
        run_script(&p, &cases[i / 2].script, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
        assert_closed(&p, cases[i / 2].code, BR_STREAM_READ, cases[i / 2].error);
        assert_int_equal(p.received, cases[i / 2].received);
        peer_deinit(&p);
    }
}

/* A failure leaves nothing behind that the next connection of the context would show. */
static void errors_are_forgotten(void **state)
{
    (void) state;
    static const tls_script scripts[] = {
        {{STEP(TLS_RAW, .text = "220 ready\r\n"), STEP(TLS_WAIT)}}, {{STEP(TLS_SHAKE), GOOD_BYE}}};
    peer p;
    peer_init(&p);
    peer_serve(&p, scripts, 2);
    peer_run(&p);
    assert_closed(
        &p, BR_ENOTTLS, BR_STREAM_HANDSHAKE, "tls: first record does not look like a TLS handshake");
    peer_close(&p);
    peer_run(&p);
    assert_closed(&p, BR_EOF, BR_STREAM_READ, "");
    peer_deinit(&p);
}

/* Handshakes that do not come to their end --------------------------------------------------------------- */

static void ends_in_the_handshake(void **state)
{
    (void) state;
    static const struct {
        tls_script script;
        br_code code;
        br_stream_op op;
    } cases[] = {
        {{{STEP(TLS_PAUSE, .ms = 20), STEP(TLS_RESET)}}, BR_ERESET, BR_STREAM_READ},
        {{{STEP(TLS_HELLO), STEP(TLS_RESET)}}, BR_ERESET, BR_STREAM_READ},
        {{{STEP(TLS_FLIGHT, .n = 50), STEP(TLS_RESET)}}, BR_ERESET, BR_STREAM_READ},
        {{{STEP(TLS_HELLO), STEP(TLS_END)}}, BR_EOF, BR_STREAM_HANDSHAKE},
        {{{STEP(TLS_FLIGHT, .n = 3)}}, BR_ETRUNCATED, BR_STREAM_HANDSHAKE},
        {{{STEP(TLS_FLIGHT, .n = 50)}}, BR_ETRUNCATED, BR_STREAM_HANDSHAKE},
        {{{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "\x16")}}, BR_ETRUNCATED, BR_STREAM_HANDSHAKE},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases) * 2; i++) {
        peer p;
        run_script(&p, &cases[i / 2].script, i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
        assert_closed(&p, cases[i / 2].code, cases[i / 2].op, "");
        assert_int_equal(p.opened, 0);
        peer_deinit(&p);
    }
}

/* After the server's last byte of the handshake; with TLS 1.3 the client is done by then. */
static void ends_after_the_handshake(void **state)
{
    (void) state;
    static const tls_script scripts[] = {
        {{STEP(TLS_FLIGHT), STEP(TLS_HELLO), STEP(TLS_PAUSE, .ms = 20), STEP(TLS_RESET)}},
        {{STEP(TLS_SHAKE), STEP(TLS_PAUSE, .ms = 20), STEP(TLS_RESET)}}};
    for (int i = 0; i < 4; i++) {
        bool tls12 = i % 2 == 0;
        peer p;
        run_script(&p, &scripts[i / 2], tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
        assert_closed(&p, BR_ERESET, BR_STREAM_READ, "");
        assert_int_equal(p.opened, tls12 && i < 2 ? 0 : 1);
        peer_deinit(&p);
    }
}

static void other_protocols(void **state)
{
    (void) state;
    static const struct {
        tls_script script;
        bool http;
    } cases[] = {
        {{{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "HTTP/1.1 400 Bad Request\r\n\r\n")}}, true},
        {{{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "SSH-2.0-test\r\n"), STEP(TLS_WAIT)}}, false},
        {{{STEP(TLS_RAW, .text = "220 mail\r\n"), STEP(TLS_WAIT)}}, false},
        {{{STEP(TLS_HELLO), STEP(TLS_DRIP, .ms = 3), STEP(TLS_RAW, .text = "garbage"), STEP(TLS_WAIT)}},
            false},
        {{{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "\x17\x03\x03\x10\x10 data"), STEP(TLS_WAIT)}}, false},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        peer p;
        run_script(&p, &cases[i].script, TLS1_3_VERSION);
        assert_closed(
            &p, BR_ENOTTLS, BR_STREAM_HANDSHAKE, "tls: first record does not look like a TLS handshake");
        assert_int_equal(p.tls.met_http, cases[i].http);
        peer_deinit(&p);
    }
}

static void noise_in_the_handshake(void **state)
{
    (void) state;
    static const tls_script scripts[] = {
        {{STEP(TLS_FLIGHT, .n = 200),
            STEP(TLS_RAW, .text = "noise that was never encrypted by anybody, and "
                                  "long enough to end the record that was begun. "
                                  "It goes on for a while, so that it is the end of "
                                  "the record; and what follows is none. And on, and "
                                  "on, and on, to the end of the flight, which is "
                                  "some hundreds of bytes away from where it was cut "
                                  "off, and now it should be enough of it, really. "
                                  "Perhaps not quite, so here are some more bytes. "
                                  "And these are the last of all of them, honestly."),
            STEP(TLS_WAIT)}},
        {{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "\x16\x03\x03\x01\x01\x02"), STEP(TLS_PAUSE, .ms = 10),
            STEP(TLS_RESET)}}};
    for (int i = 0; i < 4; i++) {
        peer p;
        run_script(&p, &scripts[i / 2], i % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
        assert_false(p.timed_out);
        assert_int_equal(p.opened, 0);
        assert_int_equal(p.closed, 1);
        assert_true(
            p.code == BR_ETLS || p.code == BR_ETLSALERT || p.code == BR_ENOTTLS || p.code == BR_ERESET);
        assert_int_equal(p.error[0] == 0, p.code == BR_ERESET);
        peer_deinit(&p);
    }
}

static void alerts_in_the_handshake(void **state)
{
    (void) state;
    static const struct {
        const char *record, *error; /* without its zero byte */
        br_code code;
    } cases[] = {
        {"(", "remote error: tls: handshake failure", BR_ETLSALERT},
        {"p", "remote error: tls: unrecognized name", BR_ETLSALERT},
        {"0", "remote error: tls: unknown certificate authority", BR_ETLSALERT},
        {"x", "remote error: tls: no application protocol", BR_ETLSALERT},
    };
    for (size_t i = 0; i < BR_COUNT_OF(cases); i++) {
        /* The zero in the middle goes by itself: texts end there. */
        const tls_script script = {{STEP(TLS_HELLO), STEP(TLS_RAW, .text = "\x15\x03\x03", .n = 1),
            STEP(TLS_RAW, .text = "\x02\x02"), STEP(TLS_RAW, .text = cases[i].record), STEP(TLS_WAIT)}};
        peer p;
        run_script(&p, &script, TLS1_3_VERSION);
        assert_closed(&p, cases[i].code, BR_STREAM_HANDSHAKE, cases[i].error);
        peer_deinit(&p);
    }
}

/* Nothing comes, or hardly anything: whoever waits has to look at the clock, and may close at any point. */
static void stalls(void **state)
{
    (void) state;
    static const tls_script scripts[] = {
        {{STEP(TLS_WAIT)}},
        {{STEP(TLS_HELLO), STEP(TLS_WAIT)}},
        {{STEP(TLS_FLIGHT, .n = 1), STEP(TLS_WAIT)}},
        {{STEP(TLS_FLIGHT, .n = 60), STEP(TLS_WAIT)}},
        {{STEP(TLS_DRIP, .ms = 20), STEP(TLS_SHAKE)}},
    };
    for (size_t i = 0; i < BR_COUNT_OF(scripts); i++) {
        peer p;
        peer_init(&p);
        p.time_limit = 100 * BR_MS;
        p.server_options.max = TLS1_3_VERSION;
        peer_serve(&p, &scripts[i], 1);
        peer_run(&p);
        assert_true(p.timed_out);
        assert_int_equal(p.closed + p.opened, 0);
        assert_true(p.tls.started > 0);
        peer_deinit(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_body_up),
        cmocka_unit_test(waiting_bytes_are_few),
        cmocka_unit_test(small_pieces_make_one_record),
        cmocka_unit_test(a_large_body_down),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(closed_between_records),
        cmocka_unit_test(renegotiation_in_an_answer),
        cmocka_unit_test(renegotiation_before_a_request),
        cmocka_unit_test(renegotiation_in_a_large_body),
        cmocka_unit_test(key_updates),
        cmocka_unit_test(key_updates_in_a_large_body),
        cmocka_unit_test(a_flood_of_key_updates),
        cmocka_unit_test(ends_of_answers),
        cmocka_unit_test(errors_are_forgotten),
        cmocka_unit_test(ends_in_the_handshake),
        cmocka_unit_test(ends_after_the_handshake),
        cmocka_unit_test(other_protocols),
        cmocka_unit_test(noise_in_the_handshake),
        cmocka_unit_test(alerts_in_the_handshake),
        cmocka_unit_test(stalls),
    };
    return cmocka_run_group_tests(tests, test_pki_make, test_pki_free);
}
