/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/magic.h>

#include "baton.h"
#include "init.h"
#include "kernel.h"
#include "launch.h"
#include "monitor.h"
#include "parked.h"
#include "program.h"
#include "report.h"
#include "root.h"
#include "supervision.h"
#include "text.h"

struct window_size {
  unsigned short rows;
  unsigned short columns;
  unsigned short pixels[2];
};

static int watch(struct launch *launch, struct reader *arguments) {
  struct watch watch = {.directory = read_text(arguments)};
  if (read_flag(arguments)) {
    watch.log_path = read_text(arguments);
    watch.log_bytes = read_u64(arguments);
    watch.log_files = read_u32(arguments);
  }
  watch.memory_events = read_text(arguments);
  if (!read_done(arguments) || launch->side != OUTSIDE) return malformed();
  int error = monitor_open(&watch, launch);
  launch->watched = error == 0;
  return error;
}

static int open_pipe(int *inside, int *monitor, bool input) {
  int ends[2];
  long error = CALL2(pipe2, ends, O_CLOEXEC);
  if (error < 0) return fault(error, "pipe2", "");
  *inside = ends[input ? 0 : 1];
  *monitor = ends[input ? 1 : 0];
  return 0;
}

static int open_streams(struct launch *launch, struct reader *arguments) {
  bool input = read_flag(arguments);
  bool cloned = launch->baton >= 0 && (launch->next_plan == NULL || launch->taken);
  if (!read_done(arguments) || launch->side != OUTSIDE || cloned) return malformed();
  int error = 0;
  if (input) {
    error = open_pipe(&launch->child_ends[0], &launch->monitor_ends[0], true);
  } else {
    launch->child_ends[0] = (int)sys_open("/dev/null", O_RDONLY);
    if (launch->child_ends[0] < 0) error = fault(launch->child_ends[0], "open", "/dev/null");
  }
  for (int i = 1; i < 3 && error == 0; i++) {
    error = open_pipe(&launch->child_ends[i], &launch->monitor_ends[i], false);
  }
  return error;
}

/* A master from a devpts that is one: a device file of the image would be someone else's terminal. */
static int open_master(struct launch *launch) {
  struct statfs system;
  int unlocked = 0;
  int master = root_open(launch, "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
  if (master < 0) return fault(master, "openat2", "/dev/pts/ptmx");
  if (sys_fstatfs(master, &system) < 0 || system.f_type != DEVPTS_SUPER_MAGIC) {
    return fault(-EXDEV, "verify devpts", "/dev/pts/ptmx");
  }
  long error = sys_ioctl(master, TIOCSPTLCK, &unlocked);
  return error < 0 ? fault(error, "TIOCSPTLCK", "/dev/pts/ptmx") : master;
}

/* The very file that was opened is mounted, not a name that leads to it (CVE-2025-52565). */
static int make_console(struct launch *launch, int terminal) {
  int place = root_file(launch, "/dev/console");
  if (place < 0) return fault(place, "openat2", "/dev/console");
  long tree = sys_open_tree(terminal, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
  if (tree < 0) return fault(tree, "open_tree", "terminal");
  long error = CALL5(
      move_mount, tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  sys_close((int)tree);
  sys_close(place);
  return error < 0 ? fault(error, "move_mount", "/dev/console") : 0;
}

static int open_terminal(struct launch *launch, struct reader *arguments) {
  struct window_size size = {0};
  size.columns = (unsigned short)read_u32(arguments);
  size.rows = (unsigned short)read_u32(arguments);
  bool console = read_flag(arguments);
  if (!read_done(arguments) || launch->side != INSIDE) return malformed();
  int master = open_master(launch);
  if (master < 0) return master;
  int terminal = (int)sys_ioctl(master, TIOCGPTPEER, (void *)(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (terminal < 0) return fault(terminal, "TIOCGPTPEER", "");
  if (size.columns > 0 && size.rows > 0) sys_ioctl(terminal, TIOCSWINSZ, &size);
  if (console) {
    int error = make_console(launch, terminal);
    if (error < 0) return error;
  }
  CALL0(setsid);
  long error = sys_ioctl(terminal, TIOCSCTTY, NULL);
  if (error < 0) return fault(error, "TIOCSCTTY", "");
  for (int fd = 0; fd < 3; fd++) sys_dup2(terminal, fd);
  sys_close(terminal);
  struct baton baton = {.kind = BATON_TERMINAL, .step = launch->step};
  error = baton_send(launch->baton, &baton, master);
  sys_close(master);
  return error < 0 ? fault(error, "sendmsg", "terminal") : 0;
}

static int connect_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return fault(-ENAMETOOLONG, "connect", path);
  memcpy(address.sun_path, path, strlen(path));
  long fd = CALL3(socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return fault(fd, "socket", "");
  long error = CALL3(connect, fd, &address, sizeof address);
  if (error == 0) return (int)fd;
  sys_close((int)fd);
  return fault(error, "connect", path);
}

static int console_socket(struct launch *launch, struct reader *arguments) {
  const char *path = read_text(arguments);
  if (!read_done(arguments) || launch->side != OUTSIDE) return malformed();
  int fd = connect_socket(path);
  if (fd < 0) return fd;
  launch->console = fd;
  return 0;
}

static void send_descriptor(int socket, const char *text, int descriptor) {
  struct {
    struct control_header header;
    int descriptor;
    int padding;
  } rights = {
      .header = {sizeof(struct control_header) + sizeof(int), SOL_SOCKET, SCM_RIGHTS},
      .descriptor = descriptor,
  };
  struct io_slice slice = {(void *)(uintptr_t)text, strlen(text)};
  struct message message = {
      .slices = &slice,
      .slice_count = 1,
      .control = &rights,
      .control_length = sizeof rights,
  };
  sys_sendmsg(socket, &message, 0);
}

void take_terminal(struct launch *launch, int master) {
  if (launch->console < 0) {
    launch->terminal = master;
    return;
  }
  send_descriptor(launch->console, "/dev/ptmx", master);
  sys_close(launch->console);
  sys_close(master);
  launch->console = -1;
}

void send_listener(struct launch *launch, uint32_t position, int listener) {
  struct plan_cursor cursor;
  struct step step;
  plan_first(&launch->plan, &cursor);
  while (plan_next(&launch->plan, &cursor, &step)) {
    if (cursor.position - 1 != position || step.action != FILTER_CALLS) continue;
    read_bytes(&step.arguments);
    read_u64(&step.arguments);
    read_flag(&step.arguments);
    int socket = connect_socket(read_text(&step.arguments));
    if (socket < 0) break; /* the workload's calls then answer ENOSYS, as seccomp_unotify(2) says */
    send_descriptor(socket, read_text(&step.arguments), listener);
    sys_close(socket);
    break;
  }
  sys_close(listener);
}

static int run_hook(struct launch *launch, struct reader *arguments) {
  static const char *vectors[2][128];
  static char state[8192];
  struct text input = TEXT(state);
  struct program program = {.path = read_text(arguments), .input = state};
  struct list lists[2] = {read_texts(arguments)};
  lists[1] = read_texts(arguments);
  program.timeout_seconds = read_int(arguments);
  text_add(&input, read_text(arguments));
  text_add_number(&input, launch->child);
  text_add(&input, read_text(arguments));
  if (!read_done(arguments) || input.full) return malformed();
  for (int which = 0; which < 2; which++) {
    uint32_t count = lists[which].count;
    if (count >= sizeof vectors[0] / sizeof vectors[0][0]) return fault(-E2BIG, "hook", program.path);
    for (uint32_t i = 0; i < count; i++) vectors[which][i] = read_text(&lists[which].elements);
    vectors[which][count] = NULL;
  }
  program.arguments = vectors[0];
  program.environment = vectors[1];
  return program_run(&program);
}

static int await_start(struct launch *launch, struct reader *arguments) {
  int listener = read_int(arguments);
  if (!read_done(arguments) || launch->side != INSIDE) return malformed();
  struct baton baton = {.kind = BATON_WAITING, .step = launch->step};
  int error = baton_send(launch->baton, &baton, -1);
  if (error < 0) return fault(error, "sendmsg", "baton");
  long connection;
  do {
    connection = CALL4(accept4, listener, NULL, NULL, SOCK_CLOEXEC);
  } while (connection == -EINTR);
  if (connection < 0) return fault(connection, "accept4", "start socket");
  sys_close(listener);
  launch->starter = (int)connection;
  baton.kind = BATON_STARTED;
  baton_send(launch->baton, &baton, -1); /* an OCI launcher has left by now */
  return 0;
}

static int await_exit(struct launch *launch, struct reader *arguments) {
  if (!read_done(arguments) || launch->side != OUTSIDE) return malformed();
  hold_signals();
  launch->awaits_exit = true;
  return 0;
}

int supervision_step(struct launch *launch, enum action action, struct reader *arguments) {
  switch (action) {
    case WATCH: return watch(launch, arguments);
    case OPEN_STREAMS: return open_streams(launch, arguments);
    case OPEN_TERMINAL: return open_terminal(launch, arguments);
    case CONSOLE_SOCKET: return console_socket(launch, arguments);
    case RUN_HOOK: return run_hook(launch, arguments);
    case AWAIT_START: return await_start(launch, arguments);
    case AWAIT_EXIT: return await_exit(launch, arguments);
    case AWAIT_PLAN: return await_plan(launch, arguments);
    default: return unknown_action();
  }
}
