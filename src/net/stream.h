/*
 * net/stream.h - a two-way stream of bytes; what TCP, TLS and proxies look like from above.
 *
 * What: a vtable. Bytes are pushed to the owner as they arrive and written from the owner's memory.
 * Why here: http/ must not know what it speaks through, and filters stack: each is the owner of the one
 * below. Push-style reading and writes from borrowed memory also fit completion queues (io_uring). Threads:
 * one stream, one loop. Memory: a stream is embedded in its owner. Bytes handed to on_data are valid during
 * the call only; written bytes must stay valid until br_stream_write() returned BR_OK or on_sent() came.
 * Invariants: on_data, on_sent and on_closed never run inside br_stream_write(). After on_closed() or
 *     br_stream_close() nothing is called any more. Each of them may close and free the stream: it is not
 *     touched after such a call. One write at a time.
 */
#pragma once
#include <sys/uio.h>
#include "base/err.h"
#include "base/str.h"

typedef struct br_stream br_stream;

/* At which step a stream ended; the names of the system calls in messages. */
typedef enum br_stream_op {
    BR_STREAM_DIAL,
    BR_STREAM_HANDSHAKE,
    BR_STREAM_READ,
    BR_STREAM_WRITE
} br_stream_op;

typedef struct br_stream_events {
    void (*on_open)(void *owner);               /* connected: may be written to */
    void (*on_data)(void *owner, br_str bytes); /* at least one byte */
    void (*on_sent)(void *owner); /* everything written is with the kernel; only after BR_AGAIN */
    /*
     * The stream is dead and has to be closed. BR_EOF (the peer ended it), BR_ERESET, BR_EPIPE, BR_EIO,
     * and while dialling BR_EREFUSED, BR_EDIALTIMEOUT, BR_ERESET, BR_ENOFDS, BR_ENOPORTS, BR_EDIAL.
     * From a tunnel also BR_EPROXY. From TLS also BR_ETLS, BR_ETLSALERT, BR_ENOTTLS, BR_EUNKNOWNCA,
     * BR_EWRONGHOST, and BR_ETRUNCATED (ended inside a record). stream->failed_op and stream->sys_errno tell
     * more.
     */
    void (*on_closed)(void *owner, br_code code);
} br_stream_events;

typedef struct br_stream_ops {
    br_code (*write)(br_stream *s, const struct iovec *iov, int count);
    void (*close)(br_stream *s);
} br_stream_ops;

struct br_stream {
    const br_stream_ops *ops;
    const br_stream_events *events;
    void *owner;
    uint64_t sent_bytes, received_bytes; /* on the wire, since it was opened */
    br_stream_op failed_op;
    int sys_errno;
};

#define BR_STREAM_IOV_MAX 4

/*
 * Writes 1..BR_STREAM_IOV_MAX pieces. BR_OK: all of it is with the kernel. BR_AGAIN: a remainder waits,
 * on_sent() follows. A broken connection is told by on_closed() later.
 */
static inline BR_NODISCARD br_code br_stream_write(br_stream *s, const struct iovec *iov, int count)
{
    return s->ops->write(s, iov, count);
}

/* Closes at once; fine if it is closed already. */
static inline void br_stream_close(br_stream *s)
{
    s->ops->close(s);
}
