/* Instead of the io_uring loop, in a build without liburing. */
#include "loop/loop_int.h"

br_code br_loop_new_uring(br_loop **ret_loop, br_err *err)
{
    (void) ret_loop;
    return br_fail(err, BR_EUNSUPPORTED,
        "this brunt was built without io_uring: build it where liburing is installed, or use the epoll loop "
        "(--loop epoll)");
}
