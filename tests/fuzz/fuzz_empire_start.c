/* The bodies of empire's POST requests; the first byte chooses the endpoint. What is accepted is within the
 * limits. */
#include "base/assert.h"
#include "empire/api/start_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    emp_workflow_start start;
    br_err err;
    if (size == 0) return 0;
    emp_start_kind kind = (emp_start_kind) (data[0] % EMP_START_KINDS);
    if (emp_start_body_parse((br_str){(const char *) data + 1, size - 1}, kind, &start, &err) == BR_OK) {
        bool makes_videos = br_str_is(start.type, EMP_WORKFLOW_TYPE);
        BR_ASSERT(makes_videos || kind != EMP_START_WORKFLOW || br_str_is(start.type, EMP_WORKFLOW_WEEKLY));
        BR_ASSERT(
            start.video_count >= (makes_videos ? 1 : 0) && start.video_count <= EMP_WORKFLOW_VIDEOS_MAX);
        BR_ASSERT(memchr(start.name, '\0', sizeof(start.name)));
        BR_ASSERT(start.product_id >= 0 && (start.product_id == 0) == !emp_start_needs(kind, 4));
        BR_ASSERT((start.platform == NULL) == !emp_start_needs(kind, 5));
    } else {
        BR_ASSERT(err.msg[0] != '\0');
    }
    return 0;
}
