/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Making a bare kernel habitable. */
#include "../kernel.h"
#include "../text.h"
#include "guest.h"

#include <linux/reboot.h>

#define PORT_NAME "caisson.control"
#define DIRECTORY_BUFFER 4096
#define GROUPS "/sys/fs/cgroup"

static void mount_or_die(
    const char *type, const char *target, unsigned long flags, const char *options) {
  CALL2(mkdir, target, 0755);
  long result = sys_mount(type, target, type, flags, options);
  if (result < 0 && result != -EBUSY) die(target, result);
}

/* /modules/list names them in the order of their dependencies. */
static void load_modules(void) {
  static char list[8192];
  int fd = (int)sys_open("/modules/list", O_RDONLY);
  if (fd < 0) return; /* everything is built in */
  long length = sys_read(fd, list, sizeof list - 1);
  sys_close(fd);
  char *name = list;
  for (long i = 0; i < length; i++) {
    if (list[i] != '\n') continue;
    list[i] = 0;
    char path_space[256];
    struct text path = TEXT(path_space);
    text_add(&path, "/modules/");
    text_add(&path, name);
    int module = (int)sys_open(path_space, O_RDONLY);
    if (module < 0) die(path_space, module);
    long result = CALL3(finit_module, module, "", 0);
    sys_close(module);
    if (result < 0 && result != -EEXIST) die(path_space, result);
    name = list + i + 1;
  }
}

/* One group for the workload, apart from our agent, which stays in the root. cgroups(7) */
static void make_group(void) {
  static const char *controllers[] = {"+cpu", "+memory", "+pids"};
  mount_or_die("cgroup2", GROUPS, MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
  for (unsigned i = 0; i < sizeof controllers / sizeof *controllers; i++) {
    int file = (int)sys_open(GROUPS "/cgroup.subtree_control", O_WRONLY);
    if (file < 0) die(GROUPS "/cgroup.subtree_control", file);
    /* A kernel without one refuses the limits that need it, when one is set. */
    sys_write(file, controllers[i], strlen(controllers[i]));
    sys_close(file);
  }
  long result = CALL2(mkdir, GROUPS "/workload", 0755);
  if (result < 0) die(GROUPS "/workload", result);
}

/*
 * The kernel would refuse what is larger than the machine; on a host, which is larger than the limit
 * of any workload, programs meet that limit only when they touch the memory. proc(5)
 */
static void promise_memory(void) {
  int file = (int)sys_open("/proc/sys/vm/overcommit_memory", O_WRONLY);
  if (file < 0) die("overcommit_memory", file);
  sys_write(file, "1", 1);
  sys_close(file);
}

void prepare_machine(void) {
  mount_or_die("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
  mount_or_die("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
  mount_or_die("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
  mount_or_die("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755");
  promise_memory();
  make_group();
  load_modules();
  CALL2(mkdir, "/host", 0755);
  long result = sys_mount("caisson", "/host", "virtiofs", MS_NODEV, "");
  if (result < 0) die("cannot mount the host's files", result);
  /* Names a plan needs before it has made a root of its own. */
  CALL2(mkdir, "/run/root", 0755);
  CALL2(mkdir, "/run/session", 0700);
}

static bool is_control(const char *port) {
  char space[128], name[64];
  struct text path = TEXT(space);
  text_add(&path, "/sys/class/virtio-ports/");
  text_add(&path, port);
  text_add(&path, "/name");
  int fd = (int)sys_open(space, O_RDONLY);
  if (fd < 0) return false;
  long length = sys_read(fd, name, sizeof name - 1);
  sys_close(fd);
  if (length <= 0) return false;
  name[length - 1] = 0; /* the line's end */
  return text_equals(name, PORT_NAME);
}

struct entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

static int find_port(void) {
  static uint8_t entries[DIRECTORY_BUFFER] __attribute__((aligned(8)));
  int directory = (int)sys_open("/sys/class/virtio-ports", O_RDONLY | O_DIRECTORY);
  if (directory < 0) return -1;
  int port = -1;
  long length;
  while (port < 0 && (length = CALL3(getdents64, directory, entries, sizeof entries)) > 0) {
    for (long at = 0; at < length;) {
      struct entry *entry = (struct entry *)(entries + at);
      at += entry->length;
      if (entry->name[0] == '.' || !is_control(entry->name)) continue;
      char space[64];
      struct text path = TEXT(space);
      text_add(&path, "/dev/");
      text_add(&path, entry->name);
      port = (int)sys_open(space, O_RDWR | O_NONBLOCK);
      break;
    }
  }
  sys_close(directory);
  return port;
}

int open_port(void) {
  /* The host names a port by a message of its own, some time after the driver has come up. */
  for (int tries = 0; tries < 5000; tries++) {
    int port = find_port();
    if (port >= 0) return port;
    struct timespec_pair {
      int64_t seconds, nanoseconds;
    } pause = {0, 2000000};
    CALL2(nanosleep, &pause, NULL);
  }
  die("the control port " PORT_NAME " did not appear", 0);
}

void power_off(void) {
  /* Nothing is synced: files are the host's, and its server may be what has gone. */
  for (;;) CALL4(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0);
}

void die(const char *why, long detail) {
  char space[256];
  struct text line = TEXT(space);
  text_add(&line, "caisson guest: ");
  text_add(&line, why);
  text_add(&line, ": ");
  text_add_number(&line, detail);
  text_add(&line, "\n");
  sys_write(2, space, line.length);
  power_off();
}

void *pages(size_t size) {
  long start = CALL6(mmap, 0, size, 3, 0x22, -1, 0); /* read and write; private, anonymous */
  if (start < 0) die("out of memory", start);
  return (void *)start;
}

void free_pages(void *start, size_t size) { CALL2(munmap, start, size); }

static size_t add_file(uint8_t *to, size_t space, const char *pid, const char *file) {
  char name[64];
  struct text path = TEXT(name);
  text_add(&path, "/proc/");
  text_add(&path, pid);
  text_add(&path, file);
  int fd = (int)sys_open(name, O_RDONLY);
  if (fd < 0 || space < 8) return 0;
  long length = sys_read(fd, to + 4, space - 4);
  sys_close(fd);
  uint32_t kept = length > 0 ? (uint32_t)length : 0;
  memcpy(to, &kept, 4);
  return 4 + kept;
}

size_t list_processes(uint8_t *to, size_t space) {
  static uint8_t entries[DIRECTORY_BUFFER] __attribute__((aligned(8)));
  size_t used = 0;
  int directory = (int)sys_open("/proc", O_RDONLY | O_DIRECTORY);
  if (directory < 0) return 0;
  long length;
  while ((length = CALL3(getdents64, directory, entries, sizeof entries)) > 0) {
    for (long at = 0; at < length;) {
      struct entry *entry = (struct entry *)(entries + at);
      at += entry->length;
      if (entry->name[0] < '0' || entry->name[0] > '9' || space - used < 8192) continue;
      used += add_file(to + used, 4096, entry->name, "/status");
      used += add_file(to + used, 4096, entry->name, "/stat");
      used += add_file(to + used, 2048, entry->name, "/cmdline");
    }
  }
  sys_close(directory);
  return used;
}
