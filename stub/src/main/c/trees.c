/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "trees.h"

#include "kernel.h"
#include "report.h"
#include "root.h"

#define WORKSHOP "/proc" /* a directory every host has; covered where only we see it */
#define KEPT_FLOOR 300   /* as in parked.c: above every descriptor that comes with a plan */

/* Moves a descriptor to where none that comes along will be. */
static int keep(int fd, const char *subject) {
  int kept = (int)CALL3(fcntl, fd, F_DUPFD_CLOEXEC, KEPT_FLOOR);
  sys_close(fd);
  return kept < 0 ? fault(kept, "fcntl", subject) : kept;
}

void trees_open_own(struct launch *launch) {
  int own = (int)sys_open("/proc/self/ns/mnt", O_RDONLY);
  if (own >= 0) own = keep(own, "mount namespace");
  launch->own_mounts = own < 0 ? 0 : own;
}

int build_trees(struct launch *launch, struct reader *arguments) {
  if (!read_done(arguments) || launch->side != INSIDE || launch->host_mounts > 0) {
    return malformed();
  }
  int host = (int)sys_open("/proc/self/ns/mnt", O_RDONLY);
  if (host < 0) return fault(host, "open", "/proc/self/ns/mnt");
  host = keep(host, "mount namespace");
  if (host < 0) return host;
  launch->host_mounts = host;
  long error = CALL1(unshare, CLONE_NEWNS);
  if (error < 0) return fault(error, "unshare", "mounts");
  error = sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  if (error < 0) return fault(error, "mount", "/");
  error = sys_mount("tmpfs", WORKSHOP, "tmpfs", 0, "mode=755,size=64k");
  if (error < 0) return fault(error, "mount", WORKSHOP);
  int root = (int)sys_open(WORKSHOP, O_PATH | O_DIRECTORY);
  if (root < 0) return fault(root, "open", WORKSHOP);
  launch->root = root;
  return 0;
}

static int keep_tree(struct launch *launch, const char *path) {
  if (launch->tree_count == MOST_TREES) return fault(-E2BIG, "keep tree", path);
  int place = root_open(launch, path, O_PATH | O_DIRECTORY);
  if (place < 0) return fault(place, "openat2", path);
  int tree = keep(place, path);
  if (tree < 0) return tree;
  launch->trees[launch->tree_count++] = tree;
  return 0;
}

int keep_trees(struct launch *launch, struct reader *arguments) {
  struct list paths = read_texts(arguments);
  if (!read_done(arguments) || launch->side != INSIDE || launch->host_mounts <= 0 ||
      launch->root < 0) {
    return malformed();
  }
  int error = 0;
  for (uint32_t i = 0; i < paths.count && error == 0; i++) {
    error = keep_tree(launch, read_text(&paths.elements));
  }
  if (error == 0) error = root_switch(launch);
  if (error < 0) return error;
  sys_close(launch->root);
  launch->root = -1;
  return 0;
}

static int detach_tree(struct launch *launch, uint32_t number) {
  int tree = (int)sys_open_tree(
      launch->trees[number], "", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE);
  if (tree < 0) return fault(tree, "open_tree", "kept tree");
  tree = keep(tree, "kept tree");
  if (tree < 0) return tree;
  sys_close(launch->trees[number]);
  launch->trees[number] = tree;
  return 0;
}

int trees_return(struct launch *launch) {
  if (launch->host_mounts <= 0) return 0;
  int error = 0;
  for (uint32_t i = 0; i < launch->tree_count && error == 0; i++) error = detach_tree(launch, i);
  if (error < 0) return error;
  error = (int)CALL2(setns, launch->host_mounts, CLONE_NEWNS);
  trees_stay(launch);
  return error < 0 ? fault(error, "setns", "mounts") : 0;
}

void trees_stay(struct launch *launch) {
  if (launch->host_mounts > 0) sys_close(launch->host_mounts);
  launch->host_mounts = 0;
}

int place_tree(struct launch *launch, struct reader *arguments) {
  uint32_t number = read_u32(arguments);
  const char *target = read_text(arguments);
  if (!read_done(arguments) || launch->side != INSIDE || number >= launch->tree_count ||
      launch->trees[number] < 0) {
    return malformed();
  }
  int place = root_directory(launch, target, 0755);
  if (place < 0) return fault(place, "openat2", target);
  long error = CALL5(
      move_mount, launch->trees[number], "", place, "",
      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  sys_close(place);
  if (error < 0) return fault(error, "move_mount", target);
  sys_close(launch->trees[number]);
  launch->trees[number] = -1;
  return 0;
}
