/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "session.h"

#include "../report.h"
#include "../text.h"
#include "guest.h"

#define TERMINAL 1u
#define INPUT_WANTED 2u
#define LAUNCH_HEADER 8
#define STANDARD_OUTPUT 1u
#define STANDARD_ERROR 2u
#define TIOCSWINSZ 0x5414

/* Where the executor finds what it is given. */
#define PLAN_DESCRIPTOR 3
#define REPORT_DESCRIPTOR 4

struct stream {
  int fd; /* -1: ended */
  uint32_t credit;
};

struct session {
  bool used;
  uint32_t id;
  int executor; /* process id, 0 once reaped */
  int workload; /* process id, 0 before it runs */
  int reports;
  int console; /* listening socket for a terminal's master; -1: none */
  bool terminal;
  bool exited;
  bool failed; /* told so: there will be no exit */
  int32_t status;
  struct stream out, err;
  int in; /* -1: closed */
  bool in_ended;
  uint8_t *input; /* STREAM_CREDIT bytes */
  size_t input_start, input_length;
  uint16_t rows, columns;
};

static struct session sessions[SESSIONS];

static struct session *find(uint32_t id) {
  for (unsigned i = 0; i < SESSIONS; i++) {
    if (sessions[i].used && sessions[i].id == id) return &sessions[i];
  }
  return NULL;
}

static void close_if_open(int *fd) {
  if (*fd >= 0) sys_close(*fd);
  *fd = -1;
}

static void refuse(int port, uint32_t id, long error, const char *call) {
  struct {
    uint32_t step;
    int32_t error;
    char detail[64];
  } failure = {.step = UINT32_MAX, .error = (int32_t)-error};
  size_t length = strlen(call);
  memcpy(failure.detail, call, length);
  channel_send(port, FAILED, 0, id, &failure, 8 + length);
}

static void console_path(char *to, size_t space, uint32_t id) {
  struct text path = {.start = to, .space = space};
  text_add(&path, "/run/session/");
  text_add_number(&path, id);
}

/* The executor sends a terminal's master here, as OCI runtimes do. */
static int listen_for_terminal(uint32_t id) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  console_path(address.sun_path, sizeof address.sun_path, id);
  int socket = (int)CALL3(socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return socket;
  CALL3(unlinkat, AT_FDCWD, address.sun_path, 0);
  long result = CALL3(bind, socket, &address, sizeof address);
  if (result == 0) result = CALL2(listen, socket, 1);
  if (result < 0) {
    sys_close(socket);
    return (int)result;
  }
  return socket;
}

/* Both ends of a pipe; ours does not block. */
static long make_pipe(int *ours, int *theirs, bool we_write) {
  int ends[2];
  long result = CALL2(pipe2, ends, O_CLOEXEC);
  if (result < 0) return result;
  *ours = ends[we_write ? 1 : 0];
  *theirs = ends[we_write ? 0 : 1];
  return CALL3(fcntl, *ours, F_SETFL, O_NONBLOCK);
}

struct given {
  int plan, report, in, out, err;
};

/* Places descriptors at the numbers the executor expects; runs in the new process. */
static __attribute__((noreturn)) void become_executor(struct given given) {
  int high[5] = {given.in, given.out, given.err, given.plan, given.report};
  /* Out of the way of the numbers they get. */
  for (int i = 0; i < 5; i++) high[i] = (int)CALL3(fcntl, high[i], F_DUPFD, 64);
  for (int i = 0; i < 5; i++) sys_dup2(high[i], i);
  CALL3(close_range, 5, ~0u, 0);
  unsigned long none = 0;
  CALL4(rt_sigprocmask, 2, &none, NULL, 8); /* SIG_SETMASK */
  static char *arguments[] = {"caisson-stub", "inherit", "3", "4", NULL};
  static char *environment[] = {NULL};
  CALL3(execve, "/stub", arguments, environment);
  sys_exit(127);
}

static int plan_file(const uint8_t *plan, size_t length) {
  int file = (int)CALL2(memfd_create, "plan", 1 /* close on exec */);
  if (file < 0) return file;
  for (size_t done = 0; done < length;) {
    long written = sys_write(file, plan + done, length - done);
    if (written <= 0) {
      sys_close(file);
      return -ENOSPC;
    }
    done += (size_t)written;
  }
  CALL3(lseek, file, 0, 0);
  return file;
}

static long start(struct session *session, unsigned flags, const uint8_t *plan, size_t length) {
  struct given given = {.plan = plan_file(plan, length), .report = -1, .in = -1, .out = -1, .err = -1};
  long result = given.plan;
  int nothing = (int)sys_open("/dev/null", O_RDWR);
  int pair[2] = {-1, -1};
  if (result >= 0) result = CALL4(socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
  session->reports = pair[0];
  given.report = pair[1];
  session->terminal = (flags & TERMINAL) != 0;
  if (session->terminal) {
    given.in = given.out = given.err = nothing;
    if (result >= 0) result = session->console = listen_for_terminal(session->id);
  } else {
    if (result >= 0) result = make_pipe(&session->out.fd, &given.out, false);
    if (result >= 0) result = make_pipe(&session->err.fd, &given.err, false);
    given.in = nothing;
    if (result >= 0 && (flags & INPUT_WANTED) != 0) {
      result = make_pipe(&session->in, &given.in, true);
    }
  }
  if (result >= 0) result = CALL0(fork);
  if (result == 0) become_executor(given);
  session->executor = (int)result;
  if (given.plan >= 0) sys_close(given.plan);
  if (given.report >= 0) sys_close(given.report);
  if (given.out >= 0 && given.out != nothing) sys_close(given.out);
  if (given.err >= 0 && given.err != nothing) sys_close(given.err);
  if (given.in >= 0 && given.in != nothing) sys_close(given.in);
  sys_close(nothing);
  return result;
}

static void end(struct session *session) {
  close_if_open(&session->reports);
  close_if_open(&session->console);
  close_if_open(&session->out.fd);
  close_if_open(&session->err.fd);
  /* A terminal is one descriptor for both directions. */
  if (!session->terminal) close_if_open(&session->in);
  if (session->input != NULL) free_pages(session->input, STREAM_CREDIT);
  session->used = false;
}

void session_launch(int port, uint32_t id, const uint8_t *payload, size_t length) {
  struct session *session = NULL;
  for (unsigned i = 0; i < SESSIONS; i++) {
    if (!sessions[i].used) session = &sessions[i];
  }
  if (session == NULL || find(id) != NULL || length < LAUNCH_HEADER) {
    refuse(port, id, session == NULL ? -EAGAIN : -EINVAL, "launch");
    return;
  }
  uint32_t flags;
  memcpy(&flags, payload, 4);
  memset(session, 0, sizeof *session);
  session->used = true;
  session->id = id;
  session->reports = session->console = session->in = -1;
  session->out = session->err = (struct stream){.fd = -1, .credit = STREAM_CREDIT};
  memcpy(&session->rows, payload + 4, 2);
  memcpy(&session->columns, payload + 6, 2);
  session->input = pages(STREAM_CREDIT);
  long result = start(session, flags, payload + LAUNCH_HEADER, length - LAUNCH_HEADER);
  if (result < 0) {
    refuse(port, id, result, "start the executor");
    end(session);
  }
}

void session_input(uint32_t id, const uint8_t *bytes, size_t length) {
  struct session *session = find(id);
  if (session == NULL) return;
  if (length == 0) {
    session->in_ended = true;
    return;
  }
  /* More than was granted: the host broke the rule, the rest is dropped. */
  size_t room = STREAM_CREDIT - session->input_length;
  if (length > room) length = room;
  for (size_t i = 0; i < length; i++) {
    size_t at = (session->input_start + session->input_length + i) % STREAM_CREDIT;
    session->input[at] = bytes[i];
  }
  session->input_length += length;
}

static void apply_window(struct session *session) {
  if (!session->terminal || session->out.fd < 0 || session->rows == 0) return;
  uint16_t size[4] = {session->rows, session->columns, 0, 0};
  sys_ioctl(session->out.fd, TIOCSWINSZ, size);
}

void session_window(uint32_t id, unsigned rows, unsigned columns) {
  struct session *session = find(id);
  if (session == NULL) return;
  session->rows = (uint16_t)rows;
  session->columns = (uint16_t)columns;
  apply_window(session);
}

void session_signal(uint32_t id, int number) {
  struct session *session = find(id);
  if (session != NULL && session->workload > 0) CALL2(kill, session->workload, number);
}

void session_credit(uint32_t id, unsigned stream, uint32_t bytes) {
  struct session *session = find(id);
  if (session == NULL || bytes > STREAM_CREDIT) return;
  struct stream *granted = stream == STANDARD_ERROR ? &session->err : &session->out;
  granted->credit += bytes;
  if (granted->credit > STREAM_CREDIT) granted->credit = STREAM_CREDIT;
}

static struct pollfd wait_for(int fd, short events) {
  return (struct pollfd){.fd = events == 0 ? -1 : fd, .events = events};
}

unsigned sessions_wait(struct pollfd *waits) {
  unsigned count = 0;
  for (unsigned i = 0; i < SESSIONS; i++) {
    struct session *session = &sessions[i];
    if (!session->used) continue;
    waits[count++] = wait_for(session->reports, POLLIN);
    waits[count++] = wait_for(session->console, POLLIN);
    waits[count++] = wait_for(session->out.fd, session->out.credit > 0 ? POLLIN : 0);
    waits[count++] = wait_for(session->err.fd, session->err.credit > 0 ? POLLIN : 0);
    waits[count++] = wait_for(session->in, session->input_length > 0 ? POLLOUT : 0);
  }
  return count;
}

static void take_report(int port, struct session *session) {
  struct report report;
  long length = sys_read(session->reports, &report, sizeof report);
  if (length < REPORT_HEADER) {
    if (length != -EAGAIN && length != -EINTR) close_if_open(&session->reports);
    return;
  }
  switch (report.kind) {
    case REPORT_CREATED:
    case REPORT_RUNNING:
      session->workload = report.value;
      if (report.kind == REPORT_RUNNING) {
        channel_send(port, STARTED, 0, session->id, &report.value, 4);
      }
      break;
    case REPORT_FAILED: {
      uint8_t failure[8 + REPORT_DETAIL];
      uint32_t detail = (uint32_t)length - REPORT_HEADER;
      memcpy(failure, &report.step, 4);
      memcpy(failure + 4, &report.value, 4);
      memcpy(failure + 8, report.detail, detail);
      session->failed = true;
      channel_send(port, FAILED, 0, session->id, failure, 8 + detail);
      break;
    }
    case REPORT_EXITED:
      session->exited = true;
      session->status = report.value;
      break;
  }
}

/* struct control_header, one descriptor. */
static void take_terminal(struct session *session) {
  int connection = (int)CALL4(accept4, session->console, NULL, NULL, SOCK_CLOEXEC);
  if (connection < 0) return;
  uint8_t text[64];
  struct io_slice slice = {text, sizeof text};
  struct {
    struct control_header header;
    int descriptor;
    int pad;
  } control = {0};
  struct message message = {
      .slices = &slice, .slice_count = 1, .control = &control, .control_length = sizeof control};
  long length = sys_recvmsg(connection, &message, 0);
  sys_close(connection);
  if (length <= 0 || control.header.type != SCM_RIGHTS) return;
  CALL3(fcntl, control.descriptor, F_SETFL, O_NONBLOCK);
  session->out.fd = session->in = control.descriptor;
  close_if_open(&session->console);
  char path[64];
  console_path(path, sizeof path, session->id);
  CALL3(unlinkat, AT_FDCWD, path, 0);
  apply_window(session);
}

static void pump_out(int port, struct session *session, struct stream *stream, unsigned number) {
  static uint8_t piece[PIECE_MAX];
  size_t wanted = stream->credit < PIECE_MAX ? stream->credit : PIECE_MAX;
  long length = sys_read(stream->fd, piece, wanted);
  if (length == -EAGAIN || length == -EINTR) return;
  if (length > 0) {
    stream->credit -= (uint32_t)length;
    channel_send(port, OUTPUT, (uint16_t)number, session->id, piece, (size_t)length);
    return;
  }
  /* The end of a pipe, or EIO from a terminal that nobody holds any more. */
  if (session->terminal) session->in = -1;
  close_if_open(&stream->fd);
  channel_send(port, OUTPUT, (uint16_t)number, session->id, NULL, 0);
}

static void pump_in(int port, struct session *session) {
  size_t straight = STREAM_CREDIT - session->input_start;
  size_t wanted = session->input_length < straight ? session->input_length : straight;
  long length = sys_write(session->in, session->input + session->input_start, wanted);
  if (length == -EAGAIN || length == -EINTR) return;
  if (length < 0) { /* nobody reads any more: taken, so that the sender goes on */
    length = (long)session->input_length;
    if (!session->terminal) close_if_open(&session->in);
  }
  session->input_start = (session->input_start + (size_t)length) % STREAM_CREDIT;
  session->input_length -= (size_t)length;
  uint32_t taken = (uint32_t)length;
  channel_send(port, ACCEPTED, 0, session->id, &taken, 4);
}

/* An end of input waits for what is before it. */
static void end_input(struct session *session) {
  if (session->in_ended && session->input_length == 0 && !session->terminal) {
    close_if_open(&session->in);
  }
}

/* A stream that a child left in the background still holds is not waited for. */
static void close_if_quiet(int port, struct session *session, struct stream *stream, unsigned number) {
  if (stream->fd < 0) return;
  struct pollfd data = {.fd = stream->fd, .events = POLLIN};
  if (sys_poll(&data, 1, 0) > 0 && (data.revents & POLLIN) != 0) return;
  if (session->terminal) session->in = -1;
  close_if_open(&stream->fd);
  channel_send(port, OUTPUT, (uint16_t)number, session->id, NULL, 0);
}

/* The exit is told last: after all output, and only when the executor has cleaned up. */
static void tell_exit(int port, struct session *session) {
  if (session->executor != 0) return;
  close_if_quiet(port, session, &session->out, STANDARD_OUTPUT);
  close_if_quiet(port, session, &session->err, STANDARD_ERROR);
  if (session->out.fd >= 0 || session->err.fd >= 0) return;
  if (session->exited) {
    channel_send(port, EXITED, 0, session->id, &session->status, 4);
  } else if (!session->failed) {
    refuse(port, session->id, -ECHILD, "the executor ended early");
  }
  end(session);
}

void sessions_serve(int port, const struct pollfd *waits) {
  const struct pollfd *wait = waits;
  for (unsigned i = 0; i < SESSIONS; i++) {
    struct session *session = &sessions[i];
    if (!session->used) continue;
    if (session->reports >= 0 && wait[0].revents != 0) take_report(port, session);
    if (session->console >= 0 && wait[1].revents != 0) take_terminal(session);
    if (session->out.fd >= 0 && wait[2].fd == session->out.fd && wait[2].revents != 0) {
      pump_out(port, session, &session->out, STANDARD_OUTPUT);
    }
    if (session->err.fd >= 0 && wait[3].fd == session->err.fd && wait[3].revents != 0) {
      pump_out(port, session, &session->err, STANDARD_ERROR);
    }
    if (session->in >= 0 && wait[4].fd == session->in && wait[4].revents != 0) {
      pump_in(port, session);
    }
    wait += SESSION_WAITS;
    end_input(session);
    tell_exit(port, session);
  }
}

void sessions_reaped(int port, int pid, int status) {
  for (unsigned i = 0; i < SESSIONS; i++) {
    struct session *session = &sessions[i];
    if (!session->used || session->executor != pid) continue;
    while (session->reports >= 0 && !session->exited) {
      struct pollfd left = {.fd = session->reports, .events = POLLIN};
      if (sys_poll(&left, 1, 0) <= 0) break;
      take_report(port, session);
    }
    session->executor = 0;
    if (!session->exited && session->workload != 0) { /* the executor itself was killed */
      session->exited = true;
      int signal = status & 0x7f;
      session->status = signal != 0 ? 128 + signal : status >> 8 & 0xff;
    }
    /* A terminal whose last holder was the session has nothing more to say. */
    if (session->console >= 0) close_if_open(&session->console);
    return;
  }
}

void sessions_renewed(void) {
  for (unsigned i = 0; i < SESSIONS; i++) {
    sessions[i].out.credit = sessions[i].err.credit = STREAM_CREDIT;
  }
}
