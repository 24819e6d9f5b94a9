// Counts what a program allocates and locks between two of its writes to standard output.
//
//   cc -shared -fPIC -o counting-calls.so tools/counting-calls.c -ldl
//   COUNTED_WRITES="10 60" LD_PRELOAD=./counting-calls.so quern run model.gguf -p "..." -n 64
//
// COUNTED_WRITES is FROM TO: the count begins behind the FROMth write and ends with the TOth. At the end of
// the program a line on standard error says `counted ALLOCATIONS LOCKS WRITES`. With COUNTED_PLACES=1 each
// allocation's stack goes to standard error too.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static long first = 0, last = -1;
static int shows_places;
static atomic_long writes, allocations, locks;
static atomic_int counts;
static __thread int is_inside;

__attribute__((constructor)) static void read_choice(void) {
  const char *text = getenv("COUNTED_WRITES");
  if (text && sscanf(text, "%ld %ld", &first, &last) != 2) {
    fprintf(stderr, "COUNTED_WRITES: expected FROM TO, found %s\n", text);
    _exit(64);
  }
  shows_places = getenv("COUNTED_PLACES") != NULL;
  void *place;
  backtrace(&place, 1);  // loads what it needs
  // A program that ours starts is left alone.
  unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void report(void) {
  if (last < 0) return;
  char line[96];
  int count = snprintf(line, sizeof line, "counted %ld %ld %ld\n", (long)allocations, (long)locks, (long)writes);
  if (write(2, line, count) < 0) return;
}

static void allocated(void) {
  if (!atomic_load(&counts)) return;
  atomic_fetch_add(&allocations, 1);
  if (!shows_places || is_inside) return;
  is_inside = 1;
  void *places[24];
  int count = backtrace(places, 24);
  backtrace_symbols_fd(places + 2, count > 2 ? count - 2 : 0, 2);
  if (write(2, "--\n", 3) < 0) return;
  is_inside = 0;
}

void *malloc(size_t bytes) {
  allocated();
  return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes) {
  allocated();
  return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes) {
  allocated();
  return __libc_realloc(old, bytes);
}

void *memalign(size_t alignment, size_t bytes) {
  allocated();
  return __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void **result, size_t alignment, size_t bytes) {
  *result = memalign(alignment, bytes);
  return *result ? 0 : 12;
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
  static int (*real)(pthread_mutex_t *);
  if (!real) real = (int (*)(pthread_mutex_t *))dlsym(RTLD_NEXT, "pthread_mutex_lock");
  if (atomic_load(&counts)) atomic_fetch_add(&locks, 1);
  return real(mutex);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  long number = fd == 1 ? atomic_fetch_add(&writes, 1) + 1 : 0;
  if (number == last) atomic_store(&counts, 0);
  ssize_t result = real(fd, bytes, count);
  if (number == first && last > first) atomic_store(&counts, 1);
  return result;
}
