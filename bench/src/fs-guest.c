/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What bench/fs measures inside its guest, in short turns of one mounted directory and the other, so that what else
 * the host does meets both. usage: fs-guest DIRECTORY DIRECTORY ROUNDS [MEASURE], after a round that does not count
 * Before and after each turn it says so on stdout and waits for a line on stdin, so that the host can read its own
 * clocks meanwhile.
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

enum { MIB = 1 << 20, SIZE = 64, PAGE = 4096, RANDOM = 500, MADE = 100, SIDES = 2 };

static const char *const labels[SIDES] = {"ours", "theirs"};
static int side, round_number;
static char *buffer;
static long files;
static double began;
static long interrupts;

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

/* Those of the side's device so far: devices are numbered as QEMU was told of them. */
static long interrupts_of(int number) {
  char line[512], name[16];
  snprintf(name, sizeof name, "virtio%d-", number);
  FILE *table = fopen("/proc/interrupts", "r");
  if (!table) fail("interrupts");
  long sum = 0;
  while (fgets(line, sizeof line, table))
    if (strstr(line, name)) sum += atol(strchr(line, ':') + 1);
  fclose(table);
  return sum;
}

static void begin(void) {
  printf("BEGIN %s\n", labels[side]);
  fflush(stdout);
  await_host();
  interrupts = interrupts_of(side);
  began = now();
}

/* So many of a unit were done since begin(). */
static void end(const char *what, long units) {
  double seconds = now() - began;
  long came = interrupts_of(side) - interrupts;
  printf("RESULT %s %s %ld %.2f %d %ld\n", labels[side], what, units, units / seconds, round_number, came);
  fflush(stdout);
  await_host();
}

static void sequential_write(void) {
  begin();
  int fd = open("file", O_CREAT | O_TRUNC | O_WRONLY, 0644);
  if (fd < 0) fail("file");
  for (int i = 0; i < SIZE; i++)
    if (write(fd, buffer, MIB) != MIB) fail("write");
  if (fsync(fd)) fail("fsync");
  close(fd);
  end("sequential-write-MiB", SIZE);
}

static void sequential_read(void) {
  forget();
  begin();
  int fd = open("file", O_RDONLY);
  if (fd < 0) fail("file");
  for (int i = 0; i < SIZE; i++)
    if (read(fd, buffer, MIB) != MIB) fail("read");
  close(fd);
  end("sequential-read-MiB", SIZE);
}

static void random_io(int writes) {
  forget();
  int fd = open("file", O_RDWR | O_DIRECT);
  if (fd < 0) fail("file");
  srandom(round_number);
  begin();
  for (int i = 0; i < RANDOM; i++) {
    off_t at = (off_t)(random() % (SIZE * (MIB / PAGE))) * PAGE;
    ssize_t done = writes ? pwrite(fd, buffer, PAGE, at) : pread(fd, buffer, PAGE, at);
    if (done != PAGE) fail("random");
  }
  end(writes ? "random-write-4k" : "random-read-4k", RANDOM);
  close(fd);
}

static void random_read(void) { random_io(0); }
static void random_write(void) { random_io(1); }

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

static void walk(void) {
  forget();
  files = 0;
  begin();
  if (nftw("tree", look, 32, FTW_PHYS)) fail("tree");
  end("walk-files", files);
}

/* One module's files: the whole tree's take four times as long as looking at them. */
static void walk_and_read(void) {
  forget();
  files = 0;
  begin();
  if (nftw("tree/virtio", visit, 32, FTW_PHYS)) fail("tree/virtio");
  end("walk-and-read-files", files);
}

/* In a directory of its own each time: ext4 looks at every inode that a group of blocks gave up in the last minutes. */
static void make_and_remove(void) {
  char path[128], directory[64];
  snprintf(directory, sizeof directory, "made-%d", round_number);
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

static const struct { const char *name; void (*turn)(void); } measures[] = {
    {"sequential-write", sequential_write}, {"sequential-read", sequential_read}, {"random-read", random_read},
    {"random-write", random_write},         {"walk", walk},                       {"walk-and-read", walk_and_read},
    {"create", make_and_remove}};

int main(int count, char **words) {
  if (count < 1 + SIDES + 1) return 2;
  int rounds = atoi(words[1 + SIDES]);
  struct termios terminal;
  if (!tcgetattr(0, &terminal)) {
    terminal.c_lflag &= ~ECHO;
    tcsetattr(0, TCSANOW, &terminal);
  }
  if (posix_memalign((void **)&buffer, PAGE, MIB)) fail("memory");
  memset(buffer, 7, MIB);
  for (round_number = 0; round_number <= rounds; round_number++)
    for (unsigned i = 0; i < sizeof measures / sizeof *measures; i++) {
      if (count > 2 + SIDES && i > 0 && strcmp(words[2 + SIDES], measures[i].name)) continue;
      for (int turn = 0; turn < SIDES; turn++) {
        side = (turn + round_number) % SIDES;
        if (chdir(words[1 + side])) fail(words[1 + side]); /* so that paths are equally long, wherever it is mounted */
        measures[i].turn();
      }
    }
  return 0;
}
