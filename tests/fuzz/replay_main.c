/*
 * Replays a corpus through a fuzz target, so that every build runs it as a test: each file of the
 * folder given goes through LLVMFuzzerTestOneInput once. Fails when there is nothing to replay.
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define INPUT_BYTES_MAX ((off_t) 16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Exactly as large as the input, so that ASan sees reads past its end. */
static int replay(const char *path, size_t size)
{
    FILE *in = fopen(path, "rb");
    uint8_t *data = malloc(size ? size : 1);
    int ok = in && data && fread(data, 1, size, in) == size;
    if (ok) {
        LLVMFuzzerTestOneInput(data, size);
    } else {
        perror(path);
    }
    free(data);
    if (in) fclose(in);
    return ok ? 0 : -1;
}

/* 1: replayed, 0: no regular file, -1: failed. */
static int replay_entry(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (n < 0 || (size_t) n >= sizeof(path) || stat(path, &st) != 0 || st.st_size > INPUT_BYTES_MAX) {
        fprintf(stderr, "cannot use %s/%s\n", folder, name);
        return -1;
    }
    if (!S_ISREG(st.st_mode)) return 0;
    return replay(path, (size_t) st.st_size) == 0 ? 1 : -1;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
    if (!dir) {
        fprintf(stderr, "usage: %s FOLDER (a folder that can be read)\n", argv[0]);
        return 1;
    }
    size_t count = 0;
    int failed = 0;
    for (const struct dirent *e; (e = readdir(dir));) {
        int result = replay_entry(argv[1], e->d_name);
        if (result < 0) failed = 1;
        if (result > 0) count++;
    }
    closedir(dir);
    printf("%zu inputs replayed\n", count);
    return failed || count == 0;
}
