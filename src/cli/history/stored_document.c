#include "cli/history/stored_document.h"
#include "http/coding.h"

br_code br_stored_document_pack(br_str json, br_buf *out, br_err *err)
{
    br_code code = br_coding_encode(NULL, BR_CODING_GZIP, json, out);
    return code == BR_OK ? BR_OK : br_fail(err, code, "the result cannot be packed");
}

br_code br_stored_document_read(br_store *s, int64_t id, br_buf *out, br_err *err)
{
    br_buf packed;
    const char *why = "";
    br_buf_init(&packed, BR_STORE_DOCUMENT_MAX);
    br_code code = br_store_document(s, id, &packed, err);
    if (code == BR_OK && packed.len == 0)
        code = br_fail(err, BR_ENOTFOUND, "run %lld was stored without its result", (long long) id);
    if (code == BR_OK) {
        br_coder *coder = br_coder_new();
        code = br_coding_decode(coder, BR_CODING_GZIP, br_buf_view(&packed), packed.len, out, &why);
        br_coder_free(coder);
        if (code != BR_OK)
            code = br_fail(err, code, "the result of run %lld cannot be unpacked: %s", (long long) id, why);
    }
    br_buf_deinit(&packed);
    return code;
}
