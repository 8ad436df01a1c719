/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* What a clone is called, where its workload looks: in the namespaces of its first process. */
#include "../kernel.h"
#include "../text.h"
#include "guest.h"

#define NEW_UTS 0x04000000
#define NEW_MOUNTS 0x00020000
#define BOOT_ID "/run/boot-id"
#define BOOT_ID_LENGTH 36

struct identity {
  int64_t process;
  const char *boot_id, *host, *domain;
};

/* Three texts with their NUL behind a number; anything else is refused. */
static long parse(const uint8_t *payload, size_t length, struct identity *to) {
  if (length < 4) return -EINVAL;
  uint32_t process;
  memcpy(&process, payload, 4);
  to->process = process;
  const char **texts[] = {&to->boot_id, &to->host, &to->domain};
  size_t at = 4;
  for (unsigned i = 0; i < 3; i++) {
    size_t end = at;
    while (end < length && payload[end] != 0) end++;
    if (end == length) return -EINVAL;
    *texts[i] = (const char *)payload + at;
    at = end + 1;
  }
  return at == length && strlen(to->boot_id) == BOOT_ID_LENGTH ? 0 : -EINVAL;
}

static int namespace_of(int64_t process, const char *kind) {
  char space[64];
  struct text path = TEXT(space);
  text_add(&path, "/proc/");
  text_add_number(&path, process);
  text_add(&path, "/ns/");
  text_add(&path, kind);
  return (int)sys_open(space, O_RDONLY);
}

static long name_host(const struct identity *identity) {
  int names = namespace_of(identity->process, "uts");
  if (names < 0) return names;
  long result = CALL2(setns, names, NEW_UTS);
  sys_close(names);
  if (result == 0 && identity->host[0] != 0) {
    result = CALL2(sethostname, identity->host, strlen(identity->host));
  }
  if (result == 0 && identity->domain[0] != 0) {
    result = CALL2(setdomainname, identity->domain, strlen(identity->domain));
  }
  return result;
}

/*
 * The kernel made its boot id when it was first read, and keeps it; a file over it is what can be
 * done. A workload without /proc has none to cover.
 */
static long cover_boot_id(const struct identity *identity) {
  int file = (int)sys_openat(AT_FDCWD, BOOT_ID, O_WRONLY | O_CREAT | O_TRUNC, 0444);
  if (file < 0) return file;
  sys_write(file, identity->boot_id, BOOT_ID_LENGTH);
  sys_write(file, "\n", 1);
  sys_close(file);
  int tree = (int)sys_open_tree(AT_FDCWD, BOOT_ID, OPEN_TREE_CLONE);
  if (tree < 0) return tree;
  int mounts = namespace_of(identity->process, "mnt");
  if (mounts < 0) return mounts;
  long result = CALL2(setns, mounts, NEW_MOUNTS);
  if (result < 0) return result;
  result = CALL5(
      move_mount, tree, "", AT_FDCWD, "/proc/sys/kernel/random/boot_id", MOVE_MOUNT_F_EMPTY_PATH);
  return result == -ENOENT ? 0 : result;
}

long take_identity(const uint8_t *payload, size_t length) {
  struct identity identity;
  long result = parse(payload, length, &identity);
  if (result < 0) return result;
  /* In a child: whoever enters a mount namespace leaves its own root. */
  long child = CALL0(fork);
  if (child < 0) return child;
  if (child == 0) {
    result = name_host(&identity);
    if (result == 0) result = cover_boot_id(&identity);
    sys_exit((int)-result);
  }
  int status = 0;
  while ((result = sys_wait((int)child, &status, 0)) == -EINTR) {
  }
  return result < 0 ? result : -(long)(status >> 8 & 0xff);
}
