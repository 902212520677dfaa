#include "empire/provider/http.h"

#include <curl/curl.h>

#include "base/mem.h"

#define CONNECT_TIMEOUT_MS 3000L
#define RETRY_AFTER_MAX    (3600 * BR_SEC)

struct emp_http {
    CURL *curl;
};

br_code emp_http_setup(br_err *err)
{
    CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
    return rc == CURLE_OK ? BR_OK : br_fail(err, BR_EIO, "libcurl: %s", curl_easy_strerror(rc));
}

emp_http *emp_http_new(void)
{
    emp_http *h = BR_NEW(emp_http);
    h->curl = curl_easy_init();
    return h;
}

void emp_http_free(emp_http *h)
{
    if (!h) return;
    curl_easy_cleanup(h->curl);
    br_free(h);
}

bool emp_http_url_is_valid(const char *url)
{
    char *host = NULL;
    CURLU *u = curl_url();
    bool ok = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK;
    br_str s = br_str_of(url);
    ok = ok && (br_str_starts(s, BR_STR("http://")) || br_str_starts(s, BR_STR("https://")));
    curl_free(host);
    curl_url_cleanup(u);
    return ok;
}

/* Called by libcurl; a short count makes it give up. */
static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    br_buf *body = ctx;
    return br_buf_append(body, data, size * count) == BR_OK ? size * count : 0;
}

static struct curl_slist *headers_of(const emp_http_request *r)
{
    br_buf line;
    struct curl_slist *list = curl_slist_append(NULL, "Accept: application/json");
    br_buf_init(&line, BR_BUF_NO_LIMIT);
    if (r->body) {
        list = curl_slist_append(list, "Content-Type: application/json");
        list = curl_slist_append(list, "Expect:"); /* no round trip for small bodies */
    }
    if (r->bearer) {
        br_buf_printf(&line, "Authorization: Bearer %s", r->bearer);
        list = curl_slist_append(list, line.data);
    }
    if (r->idempotency_key) {
        br_buf_reset(&line);
        br_buf_printf(&line, "Idempotency-Key: %s", r->idempotency_key);
        list = curl_slist_append(list, line.data);
    }
    br_buf_deinit(&line);
    return list;
}

static void set_options(CURL *c, const emp_http_request *r, const struct curl_slist *headers, br_buf *body)
{
    curl_easy_reset(c); /* keeps connections */
    curl_easy_setopt(c, CURLOPT_URL, r->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long) (r->timeout / BR_MS));
    curl_easy_setopt(c, CURLOPT_USERAGENT, "empire/" EMPIRE_VERSION);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
    if (r->body) {
        curl_easy_setopt(c, CURLOPT_POST, 1L);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen(r->body));
    }
}

static br_code code_of(CURLcode rc)
{
    switch (rc) {
        case CURLE_OPERATION_TIMEDOUT: return BR_ETIMEOUT;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT: return BR_EDIAL;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION: return BR_ETLS;
        case CURLE_WRITE_ERROR: return BR_ELIMIT;
        default: return BR_EIO;
    }
}

br_code emp_http_send(
    emp_http *h, const emp_http_request *request, emp_http_answer *ret_answer, br_buf *body, br_err *err)
{
    struct curl_slist *headers = headers_of(request);
    set_options(h->curl, request, headers, body);
    CURLcode rc = curl_easy_perform(h->curl);
    curl_slist_free_all(headers);
    if (rc != CURLE_OK) return br_fail(err, code_of(rc), "%s", curl_easy_strerror(rc));
    long status = 0;
    curl_off_t seconds = 0;
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &seconds);
    br_ns pause = seconds > RETRY_AFTER_MAX / BR_SEC ? RETRY_AFTER_MAX : seconds * BR_SEC;
    *ret_answer = (emp_http_answer){(int) status, pause > 0 ? pause : 0};
    return BR_OK;
}
