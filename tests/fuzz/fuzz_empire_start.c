/* The body of empire's POST /orchestrator/start. What is accepted is within the limits. */
#include "base/assert.h"
#include "empire/api/start_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    emp_workflow_start start;
    br_err err;
    if (emp_start_body_parse((br_str){(const char *) data, size}, &start, &err) == BR_OK) {
        bool weekly = br_str_is(start.type, EMP_WORKFLOW_WEEKLY);
        BR_ASSERT(weekly || br_str_is(start.type, EMP_WORKFLOW_TYPE));
        BR_ASSERT(start.video_count >= (weekly ? 0 : 1) && start.video_count <= EMP_WORKFLOW_VIDEOS_MAX);
        BR_ASSERT(memchr(start.name, '\0', sizeof(start.name)));
    } else {
        BR_ASSERT(err.msg[0] != '\0');
    }
    return 0;
}
