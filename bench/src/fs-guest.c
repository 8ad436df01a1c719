/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What bench/fs measures inside its guest: one pass over one mounted directory. usage: fs-guest LABEL DIRECTORY PASS
 * Before and after each measure
 * it says so on stdout and waits for a line on stdin, so that the host can read its own clocks meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { MIB = 1 << 20, SIZE = 64, PAGE = 4096, RANDOM = 2000, MADE = 500 };

static const char *label;
static char *buffer;
static long files;
static double began;

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

static void await_host(void) {
  char c;
  while (read(0, &c, 1) == 1)
    if (c == '\n') return;
  fail("host");
}

static void begin(void) {
  printf("BEGIN %s\n", label);
  fflush(stdout);
  await_host();
  began = now();
}

/* So many of a unit were done since begin(). */
static void end(const char *what, long units) {
  double seconds = now() - began;
  printf("RESULT %s %s %ld %.2f\n", label, what, units, units / seconds);
  fflush(stdout);
  await_host();
}

static void sequential_write(const char *path) {
  begin();
  int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (fd < 0) fail(path);
  for (int i = 0; i < SIZE; i++)
    if (write(fd, buffer, MIB) != MIB) fail("write");
  if (fsync(fd)) fail("fsync");
  close(fd);
  end("sequential-write-MiB", SIZE);
}

static void sequential_read(const char *path) {
  forget();
  begin();
  int fd = open(path, O_RDONLY);
  if (fd < 0) fail(path);
  for (int i = 0; i < SIZE; i++)
    if (read(fd, buffer, MIB) != MIB) fail("read");
  close(fd);
  end("sequential-read-MiB", SIZE);
}

static void random_io(const char *path, int writes) {
  forget();
  int fd = open(path, O_RDWR | O_DIRECT);
  if (fd < 0) fail(path);
  srandom(1);
  begin();
  for (int i = 0; i < RANDOM; i++) {
    off_t at = (off_t)(random() % (SIZE * (MIB / PAGE))) * PAGE;
    ssize_t done = writes ? pwrite(fd, buffer, PAGE, at) : pread(fd, buffer, PAGE, at);
    if (done != PAGE) fail("random");
  }
  end(writes ? "random-write-4k" : "random-read-4k", RANDOM);
  close(fd);
}

static int look(const char *path, const struct stat *status, int kind, struct FTW *where) {
  (void)path;
  (void)status;
  (void)kind;
  (void)where;
  files++;
  return 0;
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *where) {
  look(path, status, kind, where);
  if (kind == FTW_F) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) fail(path);
    while (read(fd, buffer, MIB) > 0) {
    }
    close(fd);
  }
  return 0;
}

static void walk(const char *tree, int reads) {
  forget();
  files = 0;
  begin();
  if (nftw(tree, reads ? visit : look, 32, FTW_PHYS)) fail(tree);
  end(reads ? "walk-and-read-files" : "walk-files", files);
}

/* In a directory of its own each time: ext4 looks at every inode that a group of blocks gave up in the last minutes. */
static void make_and_remove(const char *directory) {
  char path[128];
  if (mkdir(directory, 0755) && errno != EEXIST) fail(directory);
  forget();
  begin();
  for (int i = 0; i < MADE; i++) {
    snprintf(path, sizeof path, "%s/%d", directory, i);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
    if (fd < 0 || write(fd, buffer, 100) != 100 || close(fd)) fail(path);
  }
  end("create-files", MADE);
  begin();
  for (int i = 0; i < MADE; i++) {
    snprintf(path, sizeof path, "%s/%d", directory, i);
    if (unlink(path)) fail(path);
  }
  end("delete-files", MADE);
}

int main(int count, char **words) {
  if (count != 4) return 2;
  label = words[1];
  struct termios terminal;
  if (!tcgetattr(0, &terminal)) {
    terminal.c_lflag &= ~ECHO;
    tcsetattr(0, TCSANOW, &terminal);
  }
  if (chdir(words[2])) fail(words[2]); /* so that paths are equally long, wherever it is mounted */
  char made[64];
  snprintf(made, sizeof made, "made-%s", words[3]);
  if (posix_memalign((void **)&buffer, PAGE, MIB)) fail("memory");
  memset(buffer, 7, MIB);
  sequential_write("file");
  sequential_read("file");
  random_io("file", 0);
  random_io("file", 1);
  walk("tree", 0);
  walk("tree", 1);
  make_and_remove(made);
  return 0;
}
