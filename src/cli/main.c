/* brunt: the program. Finds the command and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "cli/commands.h"
#include "net/tls_pool.h"

static void print_help(FILE *out)
{
    fputs("brunt runs k6 scripts at the speed of a C load generator, judges the result and says why.\n\n"
          "Usage:\n  brunt COMMAND [flags]\n\nCommands:\n",
        out);
    for (const br_command *c = br_commands; c->name; c++)
        fprintf(out, "  %-10s %s\n", c->name, c->summary);
    fputs("\nFlags:\n  -h, --help     this text, or that of a command\n      --version  the version\n\n"
          "Use \"brunt COMMAND --help\" for the flags of a command.\n",
        out);
}

static int unknown_command(const char *name)
{
    static const char *const of_k6[] = {"cloud", "deps", "features", "stats", "x"};
    for (size_t i = 0; i < sizeof(of_k6) / sizeof(of_k6[0]); i++) {
        if (strcmp(name, of_k6[i]) != 0) continue;
        fprintf(stderr, "brunt: the command \"%s\" of k6 is not supported; run 'brunt --help' for the list\n",
            name);
        return 255;
    }
    fprintf(stderr, "brunt: unknown command \"%s\"; run 'brunt --help' for the list\n", name);
    return 255;
}

/* A connection is a descriptor: takes all that the system allows without asking, as other load testers do. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    (void) setrlimit(RLIMIT_NOFILE, &limit); /* if it fails the run says when descriptors are out */
}

/* A closed 0, 1 or 2 would be given to the next file or socket, and then be written to as if it were a
 * terminal. */
static void open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void) open("/dev/null", O_RDWR); /* gets the lowest free: this one */
    }
}

/* A reader that left (`| head`) wants no more; any other loss of output is told. */
static int check_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&p, 1, 0) == 1 && p.revents & (POLLERR | POLLHUP)) return status;
    fputs("brunt: the standard output could not be written completely: is the disk full?\n", stderr);
    return status ? status : 255;
}

int main(int argc, char **argv)
{
    open_standard_streams();
    raise_descriptor_limit();
    (void) br_tls_pool_install(); /* nothing has used OpenSSL yet; without it TLS takes more memory */
    signal(SIGPIPE, SIG_IGN);     /* a closed socket or pipe is an error code here, not the end */
    signal(SIGXFSZ, SIG_IGN);     /* the same of a file that would grow over the limit of this process */
    if (argc < 2) {
        print_help(stdout);
        return check_output(0);
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) name = "version";
    static char help_flag[] = "--help";
    char *help_words[] = {argv[0], argv[1], help_flag, NULL};
    if (strcmp(name, "help") == 0 && argc > 2) { /* brunt help run */
        name = argv[2];
        argc = 3;
        argv = help_words;
    }
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        print_help(stdout);
        return check_output(0);
    }
    for (const br_command *c = br_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) return check_output(c->run(argc - 2, argv + 2));
    }
    return unknown_command(name);
}
