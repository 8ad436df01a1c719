/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "root.h"

#include <linux/magic.h>

#include "kernel.h"
#include "report.h"
#include "text.h"

#define PATH_SPACE 4096
#define LINK_DEPTH 8
#define PROC_ROOT_INODE 1

int root_of(struct launch *launch) {
  if (launch->root < 0) launch->root = (int)sys_open("/", O_PATH | O_DIRECTORY);
  return launch->root;
}

/*
 * The new root is put on top of the old one, in the same place, so that no directory is needed to
 * hold the old; which is then made deaf, that its unmounting stays here, and let go. pivot_root(2)
 */
int root_switch(struct launch *launch) {
  long old = sys_open("/", O_PATH | O_DIRECTORY);
  if (old < 0) return fault(old, "open", "/");
  long error = CALL1(fchdir, root_of(launch));
  if (error < 0) return fault(error, "fchdir", "new root");
  error = CALL2(pivot_root, ".", ".");
  if (error < 0) return fault(error, "pivot_root", "");
  error = CALL1(fchdir, old);
  if (error == 0) error = sys_mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL);
  if (error == 0) error = CALL2(umount2, ".", MNT_DETACH);
  if (error == 0) error = CALL1(chdir, "/");
  sys_close((int)old);
  return error < 0 ? fault(error, "umount2", "old root") : 0;
}

int root_open(struct launch *launch, const char *path, int flags) {
  int root = root_of(launch);
  if (root < 0) return root;
  long fd;
  do { /* EAGAIN: a rename elsewhere raced with ".."; openat2(2) asks to try again */
    fd = sys_openat2(root, path, (uint64_t)flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  } while (fd == -EAGAIN);
  return (int)fd;
}

static int open_or_make(struct launch *launch, const char *path, int mode, int depth);

/* Splits "/a/b/c/" into "/a/b" and "c"; false for "/" and for a last part of dots. */
static bool split(const char *path, struct text *parent, struct text *name) {
  size_t end = strlen(path);
  while (end > 0 && path[end - 1] == '/') end--;
  size_t start = end;
  while (start > 0 && path[start - 1] != '/') start--;
  text_add_bytes(name, path + start, end - start);
  text_add_bytes(parent, path, start);
  if (start == 0) text_add(parent, "/");
  if (parent->full || name->full) return false;
  return end > start && !text_equals(name->start, ".") && !text_equals(name->start, "..");
}

/* A link to nowhere: make what it points to, still inside the root. */
static int follow_dangling(
    struct launch *launch, int parent_fd, const char *parent, const char *name, int mode,
    int depth) {
  char content[PATH_SPACE];
  char joined[PATH_SPACE];
  struct text path = TEXT(joined);
  long length = CALL4(readlinkat, parent_fd, name, content, sizeof content - 1);
  if (length < 0) return (int)length;
  content[length] = 0;
  if (content[0] != '/') {
    text_add(&path, parent);
    text_add(&path, "/");
  }
  text_add(&path, content);
  if (path.full) return -ENAMETOOLONG;
  return open_or_make(launch, joined, mode, depth + 1);
}

/* `mode` with S_IFDIR or S_IFREG: what is made when nothing is there. */
static int open_or_make(struct launch *launch, const char *path, int mode, int depth) {
  bool directory = (mode & S_IFMT) == S_IFDIR;
  int flags = O_PATH | (directory ? O_DIRECTORY : 0);
  int fd = root_open(launch, path, flags);
  if (fd != -ENOENT) return fd;
  if (depth > LINK_DEPTH) return -ELOOP;

  char parent_path[PATH_SPACE];
  char name_space[256];
  struct text parent = TEXT(parent_path);
  struct text name = TEXT(name_space);
  if (!split(path, &parent, &name)) return -EINVAL;
  int parent_fd = open_or_make(launch, parent_path, S_IFDIR | 0755, depth + 1);
  if (parent_fd < 0) return parent_fd;
  long made = directory ? CALL3(mkdirat, parent_fd, name_space, mode & 07777)
                        : CALL4(mknodat, parent_fd, name_space, mode, 0);
  if (made == 0 || made == -EEXIST) fd = root_open(launch, path, flags);
  if (made == -EEXIST && fd == -ENOENT) {
    fd = follow_dangling(launch, parent_fd, parent_path, name_space, mode, depth);
  }
  sys_close(parent_fd);
  return made < 0 && made != -EEXIST ? (int)made : fd;
}

int root_directory(struct launch *launch, const char *path, int mode) {
  return open_or_make(launch, path, S_IFDIR | mode, 0);
}

int root_file(struct launch *launch, const char *path) {
  return open_or_make(launch, path, S_IFREG | 0644, 0);
}

int root_parent(struct launch *launch, const char *path, const char **name) {
  static char name_space[256];
  char parent_path[PATH_SPACE];
  struct text parent = TEXT(parent_path);
  struct text last = TEXT(name_space);
  if (!split(path, &parent, &last)) return -EINVAL;
  *name = name_space;
  return open_or_make(launch, parent_path, S_IFDIR | 0755, 0);
}

/*
 * An image may bring a /proc of its own, or one may have been swapped in: writing there would do
 * nothing at best, and something else at worst (CVE-2019-16884, CVE-2025-52881).
 */
int root_proc(struct launch *launch) {
  struct statfs system;
  struct stat status;
  int fd = root_open(launch, "/proc", O_PATH | O_DIRECTORY);
  if (fd < 0) return fault(fd, "openat2", "/proc");
  if (sys_fstatfs(fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC &&
      sys_fstat(fd, &status) == 0 && status.st_ino == PROC_ROOT_INODE) {
    return fd;
  }
  sys_close(fd);
  return fault(-EXDEV, "verify procfs", "/proc");
}

int root_proc_write(struct launch *launch, const char *path, const char *value) {
  int proc = root_proc(launch);
  if (proc < 0) return proc;
  long fd = sys_openat2(
      proc, path, O_WRONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  sys_close(proc);
  if (fd < 0) return fault(fd, "openat2 in /proc", path);
  long written = sys_write((int)fd, value, strlen(value));
  sys_close((int)fd);
  return written < 0 ? fault(written, "write in /proc", path) : 0;
}
