// Adds the nanoseconds in the file $REDISTEST_CLOCK, which may change at any time, to the wall clock of
// the process that preloads this, and leaves the monotonic clock alone.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const volatile long long *offset;

__attribute__((constructor)) static void map_offset(void) {
  const char *path = getenv("REDISTEST_CLOCK");
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void *at = mmap(0, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
  if (at != MAP_FAILED) offset = at;
  close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *t) {
  long failed = syscall(SYS_clock_gettime, clock, t);
  if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    long long ns = t->tv_sec * SECOND + t->tv_nsec + *offset;
    t->tv_sec = ns / SECOND;
    t->tv_nsec = ns % SECOND;
  }
  return failed;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
  struct timespec t;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &t);
  tv->tv_sec = t.tv_sec;
  tv->tv_usec = t.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  if (out) *out = t.tv_sec;
  return t.tv_sec;
}
