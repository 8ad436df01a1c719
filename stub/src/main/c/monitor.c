/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "monitor.h"

#include <asm/ioctls.h>

#include "clients.h"
#include "clock.h"
#include "kernel.h"
#include "log.h"
#include "report.h"
#include "text.h"

#define SOCKET_NAME "control.sock"
#define EXIT_NAME "exit"
#define EXIT_DRAFT "exit.new"
#define BACKLOG 64
#define SOCKET_UMASK 0177
#define EVENTS_PATH 512
#define FIXED_ENTRIES 6

enum phase { PHASE_CREATED, PHASE_RUNNING, PHASE_EXITED };

static struct {
  struct launch *launch;
  int directory;
  int listener;
  int first_passed;
  int last_passed;
  bool input_ended; /* close the input once what waits is written */
  enum phase phase;
  int code;
  char events_path[EVENTS_PATH];
  uint64_t kills_before;
  char started[40];
} monitor = {.directory = -1, .listener = -1};

void monitor_passed(int first, int last) {
  monitor.first_passed = first;
  monitor.last_passed = last;
}

/* The terminal's master or the pipe, whichever this workload has. */
static int input_fd(void) {
  return monitor.launch->terminal >= 0 ? monitor.launch->terminal : monitor.launch->monitor_ends[0];
}

static void close_input(void) {
  int *fd = &monitor.launch->monitor_ends[0];
  if (*fd >= 0) sys_close(*fd);
  *fd = -1;
  if (monitor.launch->terminal < 0) clients_input_closed();
}

static int resize(unsigned columns, unsigned rows) {
  unsigned short size[4] = {(unsigned short)rows, (unsigned short)columns, 0, 0};
  if (monitor.launch->terminal < 0) return -ENOTTY;
  return (int)sys_ioctl(monitor.launch->terminal, TIOCSWINSZ, size);
}

static int signal_child(unsigned number) {
  if (monitor.launch->child_fd < 0) return -ESRCH;
  return (int)CALL4(pidfd_send_signal, monitor.launch->child_fd, number, NULL, 0);
}

static void end_input(void) { monitor.input_ended = true; }

static void state(uint32_t words[4]) {
  words[0] = monitor.phase;
  words[1] = (uint32_t)monitor.launch->child;
  words[2] = (uint32_t)monitor.code;
  words[3] = log_lost() > UINT32_MAX ? UINT32_MAX : (uint32_t)log_lost();
}

static const struct requests requests = {resize, signal_child, end_input, state};

/* Counts of the line "oom_kill N", in memory.events (v2) and memory.oom_control (v1) alike. */
static uint64_t out_of_memory_kills(void) {
  char content[512];
  uint64_t kills = 0;
  if (monitor.events_path[0] == 0) return 0;
  long fd = sys_open(monitor.events_path, O_RDONLY);
  if (fd < 0) return 0;
  long size = sys_read((int)fd, content, sizeof content - 1);
  sys_close((int)fd);
  if (size < 0) return 0;
  content[size] = 0;
  for (const char *at = content; *at != 0; at++) {
    if (!text_starts(at, "oom_kill ")) continue;
    for (at += 9; *at >= '0' && *at <= '9'; at++) kills = kills * 10 + (uint64_t)(*at - '0');
    return kills;
  }
  return 0;
}

/* By a relative name: a path of its own may be longer than a socket address holds. */
static int listen_at(int directory) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_NAME};
  long fd = CALL3(socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fault(fd, "socket", "");
  CALL3(unlinkat, directory, SOCKET_NAME, 0);
  long error = CALL1(fchdir, directory);
  long mask = CALL1(umask, SOCKET_UMASK);
  if (error == 0) error = CALL3(bind, fd, &address, sizeof address);
  CALL1(umask, mask);
  CALL1(chdir, "/");
  if (error == 0) error = CALL2(listen, fd, BACKLOG);
  if (error == 0) return (int)fd;
  sys_close((int)fd);
  return fault(error, "bind", SOCKET_NAME);
}

int monitor_open(const struct watch *watch, struct launch *launch) {
  struct text events = TEXT(monitor.events_path);
  monitor.launch = launch;
  monitor.directory = (int)sys_open(watch->directory, O_RDONLY | O_DIRECTORY);
  if (monitor.directory < 0) return fault(monitor.directory, "open", watch->directory);
  monitor.listener = listen_at(monitor.directory);
  if (monitor.listener < 0) return monitor.listener;
  if (watch->log_path != NULL) {
    int error = log_open(watch->log_path, watch->log_bytes, watch->log_files);
    if (error < 0) return error;
  }
  text_add(&events, watch->memory_events);
  monitor.kills_before = out_of_memory_kills();
  clients_serve(&requests);
  CALL0(setsid); /* a terminal of the engine, and signals from it, are not ours */
  return 0;
}

static void write_input(void) {
  const uint8_t *bytes;
  size_t size = clients_input(&bytes);
  if (size > 0 && input_fd() >= 0) {
    long wrote = sys_write(input_fd(), bytes, size);
    if (wrote >= 0) clients_input_taken((size_t)wrote);
    if (wrote < 0 && wrote != -EAGAIN && wrote != -EINTR) close_input();
  }
  if (monitor.input_ended && clients_input(&bytes) == 0) close_input();
}

/* Reads one chunk, logs it, then sends it; false at the end of the stream. */
static bool take_output(int *fd, int stream) {
  uint8_t *chunk = clients_chunk();
  long got = sys_read(*fd, chunk, CHUNK);
  if (got == -EINTR || got == -EAGAIN) return true;
  if (got <= 0) { /* EIO: nobody has the terminal open */
    sys_close(*fd);
    *fd = -1;
    return false;
  }
  log_write(stream, chunk, (size_t)got);
  clients_send(stream, (size_t)got);
  return true;
}

/* The entries of a poll in this order, then the clients. Absent ones are -1, which poll skips. */
enum entry { LISTENER, BATON, CHILD, INPUT, OUTPUT, ERRORS };

static void fill(struct pollfd *fds, int baton, bool with_child) {
  struct launch *launch = monitor.launch;
  const uint8_t *bytes;
  bool terminal = launch->terminal >= 0;
  bool reading = !clients_busy();
  fds[LISTENER] = (struct pollfd){.fd = monitor.listener, .events = POLLIN};
  fds[BATON] = (struct pollfd){.fd = baton, .events = POLLIN};
  fds[CHILD] = (struct pollfd){.fd = with_child ? launch->child_fd : -1, .events = POLLIN};
  fds[INPUT] = (struct pollfd){
      .fd = clients_input(&bytes) > 0 ? input_fd() : -1, .events = POLLOUT};
  fds[OUTPUT] = (struct pollfd){
      .fd = !reading ? -1 : terminal ? launch->terminal : launch->monitor_ends[1],
      .events = POLLIN,
  };
  fds[ERRORS] = (struct pollfd){
      .fd = reading && !terminal ? launch->monitor_ends[2] : -1, .events = POLLIN};
}

/* One wait and what it brought; `ready` gets which of BATON and CHILD have news. */
static void turn(int baton, bool with_child, int timeout, bool ready[2]) {
  struct launch *launch = monitor.launch;
  struct pollfd fds[FIXED_ENTRIES + CLIENTS];
  fill(fds, baton, with_child);
  unsigned clients = clients_poll(fds + FIXED_ENTRIES);
  int patience = clients_timeout();
  if (timeout < 0 || (patience >= 0 && patience < timeout)) timeout = patience;
  if (sys_poll(fds, FIXED_ENTRIES + clients, timeout) < 0) return;
  clients_handle(fds + FIXED_ENTRIES, clients);
  write_input();
  bool quiet = !clients_busy();
  if (fds[OUTPUT].revents != 0 && quiet) {
    take_output(launch->terminal >= 0 ? &launch->terminal : &launch->monitor_ends[1], 1);
    quiet = !clients_busy();
  }
  if (fds[ERRORS].revents != 0 && quiet) take_output(&launch->monitor_ends[2], 2);
  if (fds[LISTENER].revents != 0) clients_accept(monitor.listener);
  ready[0] = fds[BATON].revents != 0;
  ready[1] = fds[CHILD].revents != 0;
}

void monitor_await(int baton) {
  bool ready[2] = {false, false};
  while (!ready[0]) turn(baton, false, -1, ready);
}

static void add_member(struct text *to, const char *name, int64_t number) {
  text_add(to, name);
  text_add_number(to, number);
}

/* Complete or not there: written aside, then renamed. Answers the file, still to be synced, or -1. */
static int record_exit(int code, int signal, bool out_of_memory) {
  char space[256];
  struct text json = TEXT(space);
  add_member(&json, "{\"code\":", code);
  add_member(&json, ",\"signal\":", signal);
  text_add(&json, out_of_memory ? ",\"oomKilled\":true" : ",\"oomKilled\":false");
  text_add(&json, ",\"startedAt\":\"");
  text_add(&json, monitor.started);
  text_add(&json, "\",\"finishedAt\":\"");
  text_add_now(&json);
  text_add(&json, "\"}\n");
  long fd = sys_openat(monitor.directory, EXIT_DRAFT, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) return -1;
  if (sys_write((int)fd, space, json.length) == (long)json.length) {
    CALL4(renameat, monitor.directory, EXIT_DRAFT, monitor.directory, EXIT_NAME);
  }
  return (int)fd;
}

/* What the workload wrote before it ended is still in the pipes. */
static void drain(void) {
  struct launch *launch = monitor.launch;
  bool ready[2];
  for (;;) {
    struct pollfd left[2] = {
        {.fd = launch->terminal >= 0 ? launch->terminal : launch->monitor_ends[1], .events = POLLIN},
        {.fd = launch->monitor_ends[2], .events = POLLIN},
    };
    if (!clients_busy() && sys_poll(left, 2, 0) <= 0) return;
    turn(-1, false, CLIENT_PATIENCE, ready);
  }
}

/* The plan, the passed files and the engine's streams are needed no more. */
static void let_go(void) {
  struct launch *launch = monitor.launch;
  CALL2(munmap, launch->plan.bytes, PLAN_MAX_SIZE + 1);
  if (monitor.last_passed >= monitor.first_passed) {
    CALL3(close_range, monitor.first_passed, monitor.last_passed, 0);
  }
  long null = sys_open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3 && null >= 0; fd++) sys_dup2((int)null, fd);
  if (null >= 0) sys_close((int)null);
  sys_close(launch->baton);
  if (launch->root >= 0) sys_close(launch->root);
  launch->baton = launch->root = -1;
}

static void without_waiting(int fd) {
  if (fd >= 0) CALL3(fcntl, fd, F_SETFL, CALL3(fcntl, fd, F_GETFL, 0) | O_NONBLOCK);
}

int monitor_run(struct launch *launch) {
  struct text started = TEXT(monitor.started);
  bool ready[2] = {false, false};
  int status = 0;
  let_go();
  without_waiting(launch->monitor_ends[0]);
  without_waiting(launch->terminal);
  monitor.phase = PHASE_RUNNING;
  text_add_now(&started);
  while (!ready[1]) turn(-1, true, -1, ready);

  sys_wait(launch->child, &status, 0);
  int signal = status & 0x7f;
  monitor.code = signal != 0 ? 128 + signal : status >> 8 & 0xff;
  monitor.phase = PHASE_EXITED;
  bool out_of_memory = out_of_memory_kills() > monitor.kills_before;
  int record = record_exit(monitor.code, signal, out_of_memory);
  drain();
  log_finish();
  clients_exited((uint32_t)monitor.code, (uint32_t)signal, out_of_memory);
  struct report report = report_of(REPORT_EXITED, 0, monitor.code);
  CALL3(unlinkat, monitor.directory, SOCKET_NAME, 0);
  report_send(launch->status, &report);
  /* A disk takes its time. Until then only a power cut can undo the record, not the end of anyone. */
  if (record >= 0) CALL1(fsync, record);
  CALL1(fsync, monitor.directory);
  return 0;
}

void monitor_discard(void) {
  if (monitor.listener < 0) return;
  clients_exited(125, 0, 0);
  CALL3(unlinkat, monitor.directory, SOCKET_NAME, 0);
}
