/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "program.h"

#include "clock.h"
#include "kernel.h"
#include "report.h"
#include "text.h"

#define CANNOT_EXECUTE 127

static __attribute__((noreturn)) void become(const struct program *program, int input, int output) {
  uint64_t no_signals = 0;
  CALL4(rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, sizeof no_signals);
  sys_dup2(input, 0);
  sys_dup2(output, 1);
  sys_dup2(output, 2);
  CALL3(close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
  CALL3(execve, program->path, program->arguments, program->environment);
  sys_exit(CANNOT_EXECUTE);
}

/* Feeds input and takes output until the process ends; false when time runs out. */
static bool pump(const struct program *program, int pidfd, int input, int output, struct text *said) {
  int64_t deadline = clock_millis() + (int64_t)program->timeout_seconds * 1000;
  size_t fed = 0;
  size_t size = program->input == NULL ? 0 : strlen(program->input);
  for (;;) {
    struct pollfd fds[] = {
        {.fd = pidfd, .events = POLLIN},
        {.fd = output, .events = POLLIN},
        {.fd = input, .events = POLLOUT},
    };
    int64_t left = deadline - clock_millis();
    if (program->timeout_seconds > 0 && left <= 0) return false;
    if (input >= 0 && fed == size) {
      sys_close(input);
      input = fds[2].fd = -1;
    }
    sys_poll(fds, 3, program->timeout_seconds > 0 ? (int)left : -1);
    if (fds[2].revents != 0) {
      /* Ready means room for a page; more would block. pipe(7) */
      size_t part = size - fed < 4096 ? size - fed : 4096;
      long wrote = sys_write(input, program->input + fed, part);
      fed = wrote < 0 ? size : fed + (size_t)wrote;
    }
    if (fds[1].revents != 0) {
      char chunk[256];
      long got = sys_read(output, chunk, sizeof chunk);
      if (got > 0) text_add_bytes(said, chunk, (size_t)got);
      if (got <= 0) output = -1;
      continue;
    }
    if (fds[0].revents != 0) {
      if (input >= 0) sys_close(input);
      return true;
    }
  }
}

static int judge(const struct program *program, int status, bool in_time, const char *said) {
  char space[REPORT_DETAIL];
  struct text subject = TEXT(space);
  text_add(&subject, program->path);
  if (!in_time) return fault(-ETIMEDOUT, "run", space);
  if (status == 0) return 0;
  text_add(&subject, (status & 0x7f) != 0 ? " (signal " : " (exit code ");
  text_add_number(&subject, (status & 0x7f) != 0 ? status & 0x7f : status >> 8 & 0xff);
  text_add(&subject, ") ");
  text_add(&subject, said);
  return fault(-ECANCELED, "run", space);
}

int program_run(const struct program *program) {
  int input[2];
  int output[2];
  int pidfd = -1;
  int status = 0;
  char said_space[320] = "";
  struct text said = TEXT(said_space);
  long error = CALL2(pipe2, input, O_CLOEXEC);
  if (error < 0) return fault(error, "pipe2", "");
  error = CALL2(pipe2, output, O_CLOEXEC);
  if (error < 0) return fault(error, "pipe2", "");
  struct clone_args clone = {
      .flags = CLONE_PIDFD,
      .pidfd = (uintptr_t)&pidfd,
      .exit_signal = SIGCHLD,
  };
  long pid = sys_clone(&clone);
  if (pid < 0) return fault(pid, "clone3", program->path);
  if (pid == 0) become(program, input[0], output[1]);
  sys_close(input[0]);
  sys_close(output[1]);
  bool in_time = pump(program, pidfd, input[1], output[0], &said);
  if (!in_time) CALL2(kill, pid, SIGKILL);
  sys_wait((int)pid, &status, 0);
  sys_close(output[0]);
  sys_close(pidfd);
  return judge(program, status, in_time, said_space);
}
