// Lets a system call of a program fail, or a signal arrive at it, at a moment that can be chosen.
//
//   cc -shared -fPIC -o failing-calls.so tools/failing-calls.c -ldl
//   FAILING_CALL="pwrite 3 fail 28" LD_PRELOAD=./failing-calls.so quern convert ...
//
// FAILING_CALL is CALL COUNT ACTION NUMBER, calls counted from 1 over all threads. "fail" gives -1 and the
// errno NUMBER for the COUNTth call and every later one; "signal" sends the signal NUMBER to the process
// before the COUNTth call. Calls: creat (an open that may create), pwrite, write (not to the standard streams), print
// (a write to standard output), ftruncate, posix_fallocate, fsync, rename, mkdir, unlink, rmdir.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char chosen[32], action[16];
static long first, number;
static atomic_long calls;

__attribute__((constructor)) static void read_choice(void) {
  const char *text = getenv("FAILING_CALL");
  if (text && sscanf(text, "%31s %ld %15s %ld", chosen, &first, action, &number) != 4) {
    fprintf(stderr, "FAILING_CALL: expected CALL COUNT ACTION NUMBER, found %s\n", text);
    _exit(64);
  }
  // A program that ours starts is left alone.
  unsetenv("LD_PRELOAD");
}

// Whether this call fails; errno then says why.
static int fails(const char *call) {
  if (strcmp(call, chosen) != 0) return 0;
  long count = atomic_fetch_add(&calls, 1) + 1;
  if (strcmp(action, "signal") == 0 && count == first) {
    kill(getpid(), (int)number);
    // The signal may be another thread's to take: this one waits for what becomes of it.
    usleep(200 * 1000);
  }
  if (strcmp(action, "fail") != 0 || count < first) return 0;
  errno = (int)number;
  return 1;
}

// The real function behind NAME, with this signature.
#define REAL(NAME, RESULT, ...) ((RESULT(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #NAME))

#define PWRITE(NAME)                                                                     \
  ssize_t NAME(int fd, const void *bytes, size_t count, off_t offset) {                  \
    if (fails("pwrite")) return -1;                                                      \
    return REAL(NAME, ssize_t, int, const void *, size_t, off_t)(fd, bytes, count, offset); \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *bytes, size_t count) {
  if (fd > 2 && fails("write")) return -1;
  if (fd == 1 && fails("print")) return -1;
  return REAL(write, ssize_t, int, const void *, size_t)(fd, bytes, count);
}

#define FTRUNCATE(NAME)                            \
  int NAME(int fd, off_t length) {                 \
    if (fails("ftruncate")) return -1;             \
    return REAL(NAME, int, int, off_t)(fd, length); \
  }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

// This one returns the error instead of setting errno.
#define FALLOCATE(NAME)                                            \
  int NAME(int fd, off_t offset, off_t length) {                   \
    if (fails("posix_fallocate")) return errno;                    \
    return REAL(NAME, int, int, off_t, off_t)(fd, offset, length); \
  }
FALLOCATE(posix_fallocate)
FALLOCATE(posix_fallocate64)

int fsync(int fd) {
  if (fails("fsync")) return -1;
  return REAL(fsync, int, int)(fd);
}

int rename(const char *from, const char *to) {
  if (fails("rename")) return -1;
  return REAL(rename, int, const char *, const char *)(from, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
  if (fails("rename")) return -1;
  return REAL(renameat2, int, int, const char *, int, const char *, unsigned)(from_folder, from, to_folder,
                                                                             to, flags);
}

int mkdir(const char *path, mode_t mode) {
  if (fails("mkdir")) return -1;
  return REAL(mkdir, int, const char *, mode_t)(path, mode);
}

int unlink(const char *path) {
  if (fails("unlink")) return -1;
  return REAL(unlink, int, const char *)(path);
}

int rmdir(const char *path) {
  if (fails("rmdir")) return -1;
  return REAL(rmdir, int, const char *)(path);
}

#define OPEN(NAME)                                                        \
  int NAME(const char *path, int flags, ...) {                            \
    mode_t mode = 0;                                                      \
    if (flags & O_CREAT) {                                                \
      va_list rest;                                                       \
      va_start(rest, flags);                                              \
      mode = va_arg(rest, mode_t);                                        \
      va_end(rest);                                                       \
      if (fails("creat")) return -1;                                      \
    }                                                                     \
    return REAL(NAME, int, const char *, int, ...)(path, flags, mode);    \
  }
OPEN(open)
OPEN(open64)
