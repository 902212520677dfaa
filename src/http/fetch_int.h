/*
 * http/fetch_int.h - what the parts of a fetch share.
 *
 * fetch.c makes the steps and follows redirects, fetch_headers.c makes the header of a step, fetch_auth.c
 * answers challenges. The legs of a login on one hop go:
 *
 *     Digest:  nothing sent --401--> answered
 *     NTLM:    nothing sent --401, NTLM offered----------> negotiating --its challenge--> answered
 *                     \------401, not offered--> basic --401, NTLM offered--^
 *
 * Any other answer is that of the hop.
 */
#pragma once
#include "http/fetch.h"

enum { BR_LOGIN_NONE, BR_LOGIN_BASIC, BR_LOGIN_NEGOTIATING, BR_LOGIN_ANSWERED };

br_arena *br_http_fetch_arena(br_http_fetch *f); /* of the hop that runs or is made */

/* Fills in the headers of a step: those of the first request that come along, and what follows from the URL,
 * the cookies and the login. `referer` may be empty. */
void br_http_fetch_put_headers(br_http_fetch *f, br_http_request *step, br_str referer);
/* The Authorization header of the script, if it goes along; else p == NULL. */
br_str br_http_fetch_own_authorization(const br_http_fetch *f);

/* The answer is a challenge: f->_authorization is the answer to it, for the next step on this hop. */
bool br_http_fetch_answers(br_http_fetch *f);
/* The script's own credentials are those of the login, not a header to be sent. */
bool br_http_fetch_logs_in(const br_http_fetch *f, const br_url *url);
