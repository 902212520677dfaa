/*
 * provider/video.h - a short MP4 of a product, rendered by ffmpeg.
 *
 * What: runs ffmpeg as a child with limits on time, processor, memory, file size; it writes to disk itself.
 * Why here: rendering is somebody else's program, as far outside as a web service.
 * Threads: any. Files appear complete or not at all (temporary name, then renamed).
 */
#pragma once
#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

typedef struct emp_video_config {
    const char *ffmpeg; /* program or path */
    const char *folder; /* exists */
    br_ns time_limit;
    int seconds; /* of the film */
} emp_video_config;

/*
 * Renders folder/name.mp4 with the text, which is shown as it is. A file that is there already is left.
 * BR_ENOTFOUND: there is no such program. BR_ETIMEOUT: over the limit, killed. BR_EIO: it failed; the message
 * has its last line.
 */
BR_NODISCARD br_code emp_video_render(
    const emp_video_config *config, const char *name, br_str text, br_err *err);
