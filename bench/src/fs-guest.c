/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What bench/fs measures inside its guest: one pass over one mounted directory, figures on stdout.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, SIZE = 64, PAGE = 4096, RANDOM = 1500 };

static const char *label;
static char *buffer;
static long files;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void forget(void) {
  sync();
  int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
  if (fd < 0 || write(fd, "3", 1) != 1) fail("drop_caches");
  close(fd);
}

static void say(const char *what, double value) { printf("RESULT %s %s %.2f\n", label, what, value); }

static void sequential_write(const char *path) {
  double begin = now();
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (fd < 0) fail(path);
  for (int i = 0; i < SIZE; i++)
    if (write(fd, buffer, MIB) != MIB) fail("write");
  if (fsync(fd)) fail("fsync");
  close(fd);
  say("sequential-write-MiB/s", SIZE / (now() - begin));
}

static void sequential_read(const char *path) {
  forget();
  double begin = now();
  int fd = open(path, O_RDONLY);
  if (fd < 0) fail(path);
  for (int i = 0; i < SIZE; i++)
    if (read(fd, buffer, MIB) != MIB) fail("read");
  close(fd);
  say("sequential-read-MiB/s", SIZE / (now() - begin));
}

static void random_io(const char *path, int writes) {
  forget();
  int fd = open(path, O_RDWR | O_DIRECT);
  if (fd < 0) fail(path);
  srandom(1);
  double begin = now();
  for (int i = 0; i < RANDOM; i++) {
    off_t at = (off_t)(random() % (SIZE * (MIB / PAGE))) * PAGE;
    ssize_t done = writes ? pwrite(fd, buffer, PAGE, at) : pread(fd, buffer, PAGE, at);
    if (done != PAGE) fail("random");
  }
  double end = now();
  close(fd);
  say(writes ? "random-write-4k/s" : "random-read-4k/s", RANDOM / (end - begin));
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)status;
  (void)where;
  files++;
  if (kind == FTW_F) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) fail(path);
    while (read(fd, buffer, MIB) > 0) {
    }
    close(fd);
  }
  return 0;
}

static int look(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)path;
  (void)status;
  (void)kind;
  (void)where;
  files++;
  return 0;
}

static void walk(const char *tree, int reads) {
  forget();
  files = 0;
  double begin = now();
  if (nftw(tree, reads ? visit : look, 32, FTW_PHYS)) fail(tree);
  say(reads ? "walk-and-read-files/s" : "walk-files/s", files / (now() - begin));
}

int main(int count, char **words) {
  if (count != 3) return 2;
  label = words[1];
  char file[4096], tree[4096];
  snprintf(file, sizeof file, "%s/file", words[2]);
  snprintf(tree, sizeof tree, "%s/tree", words[2]);
  if (posix_memalign((void **)&buffer, PAGE, MIB)) fail("memory");
  memset(buffer, 7, MIB);
  sequential_write(file);
  sequential_read(file);
  random_io(file, 0);
  random_io(file, 1);
  walk(tree, 0);
  walk(tree, 1);
  return 0;
}
