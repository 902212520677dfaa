#include "net/resources.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/num.h"

/* Small files of /proc; what does not fit is cut. */
static br_str read_small(const char *path, char *into, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, into, size) : -1;
    if (fd >= 0) close(fd);
    return (br_str){into, n > 0 ? (size_t) n : 0};
}

/* The next word of a text with blanks, tabs and line ends between; n == 0: none. */
static br_str next_word(br_str *rest)
{
    size_t start = 0, end;
    while (start < rest->n && strchr(" \t\n", rest->p[start]))
        start++;
    for (end = start; end < rest->n && !strchr(" \t\n", rest->p[end]);)
        end++;
    br_str word = br_str_sub(*rest, start, end);
    *rest = br_str_sub(*rest, end, rest->n);
    return word;
}

static uint64_t next_number(br_str *rest)
{
    uint64_t n;
    return br_parse_u64(next_word(rest), &n) == BR_OK ? n : 0;
}

uint32_t br_resources_parse_sockets(br_str sockstat)
{
    uint64_t sum = 0;
    bool tcp = false;
    for (br_str word; (word = next_word(&sockstat)).n > 0;) {
        if (br_str_is(word, "TCP:"))
            tcp = true;
        else if (word.p[word.n - 1] == ':')
            tcp = false;
        else if (tcp && (br_str_is(word, "inuse") || br_str_is(word, "tw")))
            sum += next_number(&sockstat);
    }
    return sum < UINT32_MAX ? (uint32_t) sum : UINT32_MAX;
}

uint32_t br_resources_parse_ports(br_str range)
{
    uint64_t low = next_number(&range), high = next_number(&range);
    return low > 0 && high >= low && high <= 65535 ? (uint32_t) (high - low + 1) : 0;
}

/* Older kernels have no size for the folder: its entries are counted. */
static uint64_t count_descriptors(void)
{
    struct stat s;
    if (stat("/proc/self/fd", &s) == 0 && s.st_size > 0) return (uint64_t) s.st_size;
    uint64_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (dir && readdir(dir))
        n++;
    if (dir) closedir(dir);
    return n > 3 ? n - 3 : 0; /* ".", ".." and the folder itself */
}

static void read_limits(br_resources *r)
{
    char text[64];
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) r->descriptors_limit = limit.rlim_cur;
    r->ports_limit = br_resources_parse_ports(
        read_small("/proc/sys/net/ipv4/ip_local_port_range", text, sizeof(text)));
}

void br_resources_sample(br_resources *r)
{
    char text[1024];
    if (!r->descriptors_limit) read_limits(r);
    uint64_t descriptors = count_descriptors();
    if (descriptors > r->descriptors_peak) r->descriptors_peak = descriptors;
    uint32_t ports = br_resources_parse_sockets(read_small("/proc/net/sockstat", text, sizeof(text)));
    if (ports > r->ports_peak) r->ports_peak = ports;
}
