/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <linux/magic.h>

#include "kernel.h"
#include "launch.h"
#include "report.h"
#include "root.h"
#include "text.h"
#include "trees.h"

#define PAGE 4096
#define MAX_LAYERS 500
#define NAME_SPACE 256

static const struct mount_attr READ_ONLY = {.attr_set = MOUNT_ATTR_RDONLY};

/* Access time is one choice of several, not a bit: setting one clears the others. */
static struct mount_attr attributes_of(uint64_t set, uint64_t cleared) {
  struct mount_attr attributes = {.attr_set = set, .attr_clr = cleared};
  if ((set & MOUNT_ATTR__ATIME) != 0) attributes.attr_clr |= MOUNT_ATTR__ATIME;
  return attributes;
}

static int change(int mount, unsigned flags, struct mount_attr attributes, const char *subject) {
  if (attributes.attr_set == 0 && attributes.attr_clr == 0 && attributes.propagation == 0) return 0;
  long error = sys_mount_setattr(mount, flags, &attributes);
  return error < 0 ? fault(error, "mount_setattr", subject) : 0;
}

/* Attaches a detached mount at a place inside the root, making the mount point when missing. */
static int attach(struct launch *launch, int mount, bool directory, const char *target) {
  int place = directory ? root_directory(launch, target, 0755) : root_file(launch, target);
  if (place < 0) return fault(place, "openat2", target);
  long error = CALL5(
      move_mount, mount, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  sys_close(place);
  return error < 0 ? fault(error, "move_mount", target) : 0;
}

static int set_propagation(struct reader *arguments) {
  const char *path = read_text(arguments);
  uint64_t propagation = read_u64(arguments);
  bool recursive = read_flag(arguments);
  if (!read_done(arguments)) return malformed();
  long error =
      sys_mount(NULL, path, NULL, (unsigned long)propagation | (recursive ? MS_REC : 0), NULL);
  return error < 0 ? fault(error, "mount", path) : 0;
}

static int use_root(struct launch *launch, const char *path) {
  long fd = sys_open(path, O_PATH | O_DIRECTORY);
  if (fd < 0) return fault(fd, "open", path);
  if (launch->root >= 0) sys_close(launch->root);
  launch->root = (int)fd;
  return 0;
}

struct overlay {
  struct list lower;
  const char *upper; /* NULL: read-only */
  const char *work;
  struct list options;
};

/* Letters with a meaning in the option text of an overlay mount. */
static bool plain_path(const char *path) {
  for (; *path != 0; path++) {
    if (*path == ':' || *path == ',' || *path == '\\') return false;
  }
  return true;
}

static bool add_layer(struct text *data, const char *path, bool by_descriptor) {
  if (!by_descriptor) {
    text_add(data, path);
    return plain_path(path);
  }
  long fd = sys_open(path, O_PATH | O_DIRECTORY);
  if (fd < 0) {
    fault(fd, "open", path);
    return false;
  }
  text_add(data, "/proc/self/fd/");
  text_add_number(data, fd);
  return true;
}

/* False when a path does not fit in this form. */
static bool describe(const struct overlay *overlay, struct text *data, bool by_descriptor) {
  struct list lower = overlay->lower;
  struct list options = overlay->options;
  bool plain = true;
  text_add(data, "lowerdir=");
  for (uint32_t i = 0; i < lower.count; i++) {
    if (i > 0) text_add(data, ":");
    plain = add_layer(data, read_text(&lower.elements), by_descriptor) && plain;
  }
  if (overlay->upper != NULL) {
    text_add(data, ",upperdir=");
    plain = add_layer(data, overlay->upper, by_descriptor) && plain;
    text_add(data, ",workdir=");
    plain = add_layer(data, overlay->work, by_descriptor) && plain;
  }
  for (uint32_t i = 0; i < options.count; i++) {
    text_add(data, ",");
    text_add(data, read_text(&options.elements));
  }
  return plain && !data->full;
}

/*
 * All paths must fit in the page that mount(2) takes. When they do not, or hold a letter with a
 * meaning, short names stand for them: descriptors, which close when the workload starts.
 */
static int mount_by_descriptors(const struct overlay *overlay, const char *target) {
  char page[PAGE];
  struct text data = TEXT(page);
  if (overlay->lower.count > MAX_LAYERS) return fault(-E2BIG, "mount overlay", "layers");
  bool fits = describe(overlay, &data, true);
  long error = fits ? sys_mount("overlay", target, "overlay", 0, page) : -E2BIG;
  if (fits && error < 0) fault(error, "mount overlay", target);
  if (!fits && data.full) fault(error, "mount overlay", "too many layers");
  return (int)error;
}

static int mount_overlay(struct launch *launch, struct reader *arguments) {
  char page[PAGE];
  struct text data = TEXT(page);
  struct overlay overlay = {.lower = read_texts(arguments)};
  if (read_flag(arguments)) overlay.upper = read_text(arguments);
  if (read_flag(arguments)) overlay.work = read_text(arguments);
  overlay.options = read_texts(arguments);
  uint64_t set = read_u64(arguments);
  const char *target = read_text(arguments);
  if (!read_done(arguments) || (overlay.upper == NULL) != (overlay.work == NULL)) {
    return malformed();
  }
  int error = 0;
  if (overlay.lower.count == 1 && overlay.upper == NULL) { /* overlayfs wants two; a bind is the same */
    const char *only = read_text(&overlay.lower.elements);
    error = (int)sys_mount(only, target, NULL, MS_BIND, NULL);
    if (error < 0) return fault(error, "mount", only);
    set |= MOUNT_ATTR_RDONLY;
  } else if (describe(&overlay, &data, false)) {
    error = (int)sys_mount("overlay", target, "overlay", 0, page);
    if (error < 0) return fault(error, "mount overlay", target);
  } else {
    error = mount_by_descriptors(&overlay, target);
    if (error < 0) return error;
  }
  error = use_root(launch, target);
  return error < 0 ? error : change(launch->root, 0, attributes_of(set, 0), target);
}

static int clone_tree(struct handle source, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | (recursive ? AT_RECURSIVE : 0);
  if (source.path[0] == 0) flags |= AT_EMPTY_PATH;
  long fd = sys_open_tree(source.descriptor, source.path, flags);
  return fd < 0 ? fault(fd, "open_tree", source.path) : (int)fd;
}

static int bind_root(struct launch *launch, struct reader *arguments) {
  struct handle source = read_handle(arguments);
  bool recursive = read_flag(arguments);
  const char *target = read_text(arguments);
  if (!read_done(arguments)) return malformed();
  int tree = clone_tree(source, recursive);
  if (tree < 0) return tree;
  long error = CALL5(move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
  sys_close(tree);
  return error < 0 ? fault(error, "move_mount", target) : use_root(launch, target);
}

/* By its descriptor: a path to what it covers would lead below it. */
static int use_mount(struct launch *launch, int mount) {
  long fd = CALL3(fcntl, mount, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return fault(fd, "fcntl", "root");
  if (launch->root >= 0) sys_close(launch->root);
  launch->root = (int)fd;
  return 0;
}

static int attach_root(struct launch *launch, struct reader *arguments) {
  struct handle mount = read_handle(arguments);
  const char *target = read_text(arguments);
  if (!read_done(arguments) || mount.path[0] != 0) return malformed();
  long error = CALL5(move_mount, mount.descriptor, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
  return error < 0 ? fault(error, "move_mount", target) : use_mount(launch, mount.descriptor);
}

static int place_mount(struct launch *launch, struct reader *arguments) {
  struct stat status;
  struct handle mount = read_handle(arguments);
  const char *target = read_text(arguments);
  if (!read_done(arguments) || mount.path[0] != 0) return malformed();
  long error = sys_fstat(mount.descriptor, &status);
  if (error < 0) return fault(error, "fstat", target);
  return attach(launch, mount.descriptor, (status.st_mode & S_IFMT) == S_IFDIR, target);
}

/* key, or key=value */
static int configure(int system, const char *option) {
  char key[NAME_SPACE];
  size_t length = 0;
  while (option[length] != 0 && option[length] != '=') length++;
  if (length >= sizeof key) return fault(-ENAMETOOLONG, "fsconfig", option);
  memcpy(key, option, length);
  key[length] = 0;
  long error = option[length] == '='
                   ? CALL5(fsconfig, system, FSCONFIG_SET_STRING, key, option + length + 1, 0)
                   : CALL5(fsconfig, system, FSCONFIG_SET_FLAG, key, NULL, 0);
  return error < 0 ? fault(error, "fsconfig", option) : 0;
}

/* A detached mount of a new file system, or what fault() answered. */
static int make_system(
    const char *type, const char *source, struct list options, uint64_t attributes) {
  int system = (int)CALL2(fsopen, type, FSOPEN_CLOEXEC);
  if (system < 0) return fault(system, "fsopen", type);
  long error = 0;
  if (source[0] != 0) {
    error = CALL5(fsconfig, system, FSCONFIG_SET_STRING, "source", source, 0);
    if (error < 0) fault(error, "fsconfig source", source);
  }
  for (uint32_t i = 0; i < options.count && error == 0; i++) {
    error = configure(system, read_text(&options.elements));
  }
  if (error == 0) {
    error = CALL5(fsconfig, system, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    if (error < 0) fault(error, "fsconfig create", type);
  }
  if (error == 0) {
    error = CALL3(fsmount, system, FSMOUNT_CLOEXEC, attributes);
    if (error < 0) fault(error, "fsmount", type);
  }
  sys_close(system);
  return (int)error;
}

static int set_mount_propagation(int mount, bool recursive, uint64_t propagation, const char *target) {
  struct mount_attr attributes = {.propagation = propagation};
  return change(mount, recursive ? AT_RECURSIVE : 0, attributes, target);
}

static int mount_new(struct launch *launch, struct reader *arguments) {
  const char *type = read_text(arguments);
  const char *source = read_text(arguments);
  struct list options = read_texts(arguments);
  uint64_t attributes = read_u64(arguments);
  uint64_t propagation = read_u64(arguments);
  const char *target = read_text(arguments);
  if (!read_done(arguments)) return malformed();
  int mount = make_system(type, source, options, attributes);
  if (mount < 0) return mount;
  int error = attach(launch, mount, true, target);
  if (error == 0) error = set_mount_propagation(mount, false, propagation, target);
  sys_close(mount);
  return error;
}

static int translate_owners(int tree, struct handle mapping) {
  int fd = mapping.descriptor;
  if (mapping.path[0] != 0) fd = (int)sys_openat(mapping.descriptor, mapping.path, O_RDONLY, 0);
  if (fd < 0) return fault(fd, "open", mapping.path);
  struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)fd};
  int error = change(tree, AT_RECURSIVE, attributes, "id mapping");
  if (mapping.path[0] != 0) sys_close(fd);
  return error;
}

static int bind(struct launch *launch, struct reader *arguments) {
  struct stat status;
  struct handle mapping = {0};
  struct handle source = read_handle(arguments);
  bool recursive = read_flag(arguments);
  uint64_t set = read_u64(arguments);
  uint64_t cleared = read_u64(arguments);
  uint64_t set_on_all = read_u64(arguments);
  uint64_t propagation = read_u64(arguments);
  bool mapped = read_flag(arguments);
  if (mapped) mapping = read_handle(arguments);
  const char *target = read_text(arguments);
  if (!read_done(arguments)) return malformed();

  int tree = clone_tree(source, recursive);
  if (tree < 0) return tree;
  int error = (int)sys_fstat(tree, &status);
  if (error == 0 && mapped) error = translate_owners(tree, mapping);
  if (error == 0) error = change(tree, 0, attributes_of(set, cleared), target);
  if (error == 0) error = change(tree, AT_RECURSIVE, attributes_of(set_on_all, 0), target);
  if (error == 0) error = attach(launch, tree, (status.st_mode & S_IFMT) == S_IFDIR, target);
  if (error == 0) error = set_mount_propagation(tree, recursive, propagation, target);
  sys_close(tree);
  return error;
}

static int set_attributes(struct launch *launch, struct reader *arguments) {
  const char *target = read_text(arguments);
  uint64_t set = read_u64(arguments);
  uint64_t cleared = read_u64(arguments);
  bool recursive = read_flag(arguments);
  if (!read_done(arguments)) return malformed();
  int fd = root_open(launch, target, O_PATH);
  if (fd < 0) return fault(fd, "openat2", target);
  int error = change(fd, recursive ? AT_RECURSIVE : 0, attributes_of(set, cleared), target);
  sys_close(fd);
  return error;
}

static int move_onto(int mount, int place, const char *target) {
  long error = CALL5(
      move_mount, mount, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  sys_close(mount);
  return error < 0 ? fault(error, "move_mount", target) : 0;
}

/*
 * The root's own and real /dev/null: a link in its place would mount something else
 * (CVE-2025-31133), and the host's could be given another mode or owner through the mask.
 */
static int clone_null_device(struct launch *launch) {
  struct stat status;
  int place = root_open(launch, "/dev/null", O_PATH);
  if (place < 0) return fault(place, "openat2", "/dev/null");
  int tree = clone_tree((struct handle){place, ""}, false);
  sys_close(place);
  if (tree < 0) return tree;
  bool null = sys_fstat(tree, &status) == 0 && (status.st_mode & S_IFMT) == S_IFCHR &&
              status.st_rdev == (1 << 8 | 3);
  if (null) return tree;
  sys_close(tree);
  return fault(-ENXIO, "verify", "/dev/null");
}

static int empty_directory(void) {
  return make_system("tmpfs", "tmpfs", (struct list){0}, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
}

static int mask_one(struct launch *launch, const char *target) {
  struct stat status;
  int place = root_open(launch, target, O_PATH);
  if (place == -ENOENT || place == -ENOTDIR) return 0;
  if (place < 0) return fault(place, "openat2", target);
  int error = (int)sys_fstat(place, &status);
  if (error == 0) {
    bool directory = (status.st_mode & S_IFMT) == S_IFDIR;
    error = directory ? empty_directory() : clone_null_device(launch);
    if (error >= 0) error = move_onto(error, place, target);
  }
  sys_close(place);
  return error;
}

static int freeze_one(struct launch *launch, const char *target) {
  int place = root_open(launch, target, O_PATH);
  if (place == -ENOENT || place == -ENOTDIR) return 0;
  if (place < 0) return fault(place, "openat2", target);
  int tree = clone_tree((struct handle){place, ""}, true);
  int error = tree < 0 ? tree : change(tree, AT_RECURSIVE, READ_ONLY, target);
  if (error == 0) error = move_onto(tree, place, target);
  sys_close(place);
  return error;
}

static int for_each(
    struct launch *launch, struct reader *arguments,
    int (*apply)(struct launch *launch, const char *target)) {
  struct list targets = read_texts(arguments);
  if (!read_done(arguments)) return malformed();
  int error = 0;
  for (uint32_t i = 0; i < targets.count && error == 0; i++) {
    error = apply(launch, read_text(&targets.elements));
  }
  return error;
}

static int pivot_root(struct launch *launch, struct reader *arguments) {
  return read_done(arguments) ? root_switch(launch) : malformed();
}

/* For a root that was attached on top of everything: nothing is below it that could be let go. */
static int enter_root(struct launch *launch, struct reader *arguments) {
  if (!read_done(arguments)) return malformed();
  long error = CALL1(fchdir, root_of(launch));
  if (error == 0) error = CALL1(chroot, ".");
  return error < 0 ? fault(error, "chroot", "new root") : 0;
}

static int move_root(struct launch *launch, struct reader *arguments) {
  if (!read_done(arguments)) return malformed();
  long error = CALL1(fchdir, root_of(launch));
  if (error == 0) error = sys_mount(".", "/", NULL, MS_MOVE, NULL);
  if (error < 0) return fault(error, "mount", "MS_MOVE");
  error = CALL1(chroot, ".");
  if (error == 0) error = CALL1(chdir, "/");
  return error < 0 ? fault(error, "chroot", "") : 0;
}

static int use_root_step(struct launch *launch, struct reader *arguments) {
  const char *path = read_text(arguments);
  return read_done(arguments) ? use_root(launch, path) : malformed();
}

int mount_step(struct launch *launch, enum action action, struct reader *arguments) {
  switch (action) {
    case SET_PROPAGATION: return set_propagation(arguments);
    case MOUNT_OVERLAY: return mount_overlay(launch, arguments);
    case BIND_ROOT: return bind_root(launch, arguments);
    case USE_ROOT: return use_root_step(launch, arguments);
    case MOUNT: return mount_new(launch, arguments);
    case BIND: return bind(launch, arguments);
    case SET_ATTRIBUTES: return set_attributes(launch, arguments);
    case MASK: return for_each(launch, arguments, mask_one);
    case FREEZE: return for_each(launch, arguments, freeze_one);
    case PIVOT_ROOT: return pivot_root(launch, arguments);
    case MOVE_ROOT: return move_root(launch, arguments);
    case BUILD_TREES: return build_trees(launch, arguments);
    case KEEP_TREES: return keep_trees(launch, arguments);
    case PLACE_TREE: return place_tree(launch, arguments);
    case ATTACH_ROOT: return attach_root(launch, arguments);
    case PLACE_MOUNT: return place_mount(launch, arguments);
    case ENTER_ROOT: return enter_root(launch, arguments);
    default: return unknown_action();
  }
}
