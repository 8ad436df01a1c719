/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The first process of a guest. It makes the machine habitable, then does what the host asks over
 * one virtio-console port: it has the executor carry out plans, and moves bytes.
 */
#include <linux/resource.h>

#include "../kernel.h"
#include "../text.h"
#include "channel.h"
#include "guest.h"
#include "session.h"

#define SIGCHLD_MASK (1UL << 16)
#define RNDADDENTROPY 0x40085203
#define RNDRESEEDCRNG 0x5207
#define CLOCK_REALTIME 0
#define OPEN_FILES (1 << 20)

CAISSON_START(guest_main);

static int port;
/* Between HOLD and GO: what the host reads last is the answer, so that a clone's host misses nothing. */
static bool held;

static void answer(const struct frame *frame, long result) {
  int32_t error = (int32_t)(result < 0 ? -result : 0);
  channel_send(port, ANSWER, 0, frame->session, &error, sizeof error);
}

static void read_file(const struct frame *frame, const char *path) {
  static uint8_t content[PIECE_MAX];
  int fd = (int)sys_open(path, O_RDONLY);
  size_t length = 0;
  while (fd >= 0 && length < sizeof content) {
    long count = sys_read(fd, content + length, sizeof content - length);
    if (count <= 0) break;
    length += (size_t)count;
  }
  if (fd >= 0) sys_close(fd);
  channel_send(port, FILE_CONTENT, 0, frame->session, content, length);
}

static long write_file(const char *path, size_t length) {
  size_t name = 0;
  while (name < length && path[name] != 0) name++;
  if (name == length) return -EINVAL;
  int file = (int)sys_open(path, O_WRONLY);
  if (file < 0) return file;
  long result = sys_write(file, path + name + 1, length - name - 1);
  sys_close(file);
  return result < 0 ? result : 0;
}

static void processes(const struct frame *frame) {
  size_t space = 1 << 20;
  uint8_t *list = pages(space);
  size_t length = list_processes(list, space);
  channel_send(port, FILE_CONTENT, 0, frame->session, list, length);
  free_pages(list, space);
}

static long set_clock(const uint8_t *payload, size_t length) {
  if (length != 16) return -EINVAL;
  return CALL2(clock_settime, CLOCK_REALTIME, payload);
}

/* A clone must not draw the numbers its siblings draw: mix in, credit, and reseed at once. */
static long add_entropy(const uint8_t *payload, size_t length) {
  struct {
    int bits;
    int size;
    uint8_t bytes[256];
  } pool = {.bits = (int)length * 8, .size = (int)length};
  if (length > sizeof pool.bytes) return -EINVAL;
  memcpy(pool.bytes, payload, length);
  int device = (int)sys_open("/dev/urandom", O_WRONLY);
  if (device < 0) return device;
  long result = sys_ioctl(device, RNDADDENTROPY, &pool);
  if (result == 0) result = sys_ioctl(device, RNDRESEEDCRNG, NULL);
  sys_close(device);
  return result;
}

static long hold(void) {
  long result = hold_workload();
  held = result == 0;
  return result;
}

static long go(const uint8_t *payload, size_t length) {
  if (length < 4) return -EINVAL;
  uint32_t flags;
  memcpy(&flags, payload, 4);
  if ((flags & GO_AS_CLONE) != 0) sessions_renewed();
  ask_anew((const char *)payload + 4, length - 4);
  held = false;
  return release_workload();
}

static uint32_t number(const uint8_t *payload, size_t length, size_t at) {
  uint32_t value = 0;
  if (at + 4 <= length) memcpy(&value, payload + at, 4);
  return value;
}

static void handle(const struct frame *frame, uint8_t *payload) {
  size_t length = frame->length;
  uint32_t first = number(payload, length, 0);
  switch (frame->type) {
    case LAUNCH: session_launch(port, frame->session, payload, length); break;
    case INPUT: session_input(frame->session, payload, length); break;
    case WINDOW: session_window(frame->session, first, number(payload, length, 4)); break;
    case SIGNAL: session_signal(frame->session, (int)first); break;
    case CREDIT: session_credit(frame->session, frame->stream, first); break;
    case READ_FILE: read_file(frame, (const char *)payload); break;
    case POWER_OFF: power_off();
    case SET_CLOCK: answer(frame, set_clock(payload, length)); break;
    case ADD_ENTROPY: answer(frame, add_entropy(payload, length)); break;
    case NETWORK: answer(frame, configure_network(payload, length)); break;
    case WRITE_FILE: answer(frame, write_file((const char *)payload, length)); break;
    case PROCESSES: processes(frame); break;
    case HOLD: answer(frame, hold()); break;
    case GO: answer(frame, go(payload, length)); break;
    case IDENTITY: answer(frame, take_identity(payload, length)); break;
  }
}

static void reap(void) {
  int status;
  long pid;
  while ((pid = sys_wait(-1, &status, WNOHANG)) > 0) sessions_reaped(port, (int)pid, status);
}

/* As for a container: what servers of many connections need, not the kernel's 1,024 and 4,096. */
static void allow_files(void) {
  struct rlimit64 limit = {OPEN_FILES, OPEN_FILES};
  CALL4(prlimit64, 0, RLIMIT_NOFILE, &limit, NULL);
}

__attribute__((noreturn)) void guest_main(void) {
  prepare_machine();
  allow_files();
  port = open_port();
  /* Children are told by a descriptor, so that one poll waits for everything. */
  unsigned long children = SIGCHLD_MASK;
  CALL4(rt_sigprocmask, 0, &children, NULL, 8);
  int ended = (int)CALL4(signalfd4, -1, &children, 8, O_CLOEXEC | O_NONBLOCK);
  if (ended < 0) die("signalfd", ended);
  uint32_t version = GUEST_PROTOCOL;
  channel_send(port, HELLO, 0, 0, &version, sizeof version);
  for (;;) {
    static struct pollfd waits[2 + SESSIONS * SESSION_WAITS];
    waits[0] = (struct pollfd){.fd = port, .events = POLLIN};
    waits[1] = (struct pollfd){.fd = held ? -1 : ended, .events = POLLIN};
    unsigned count = held ? 0 : sessions_wait(waits + 2);
    if (sys_poll(waits, 2 + count, -1) < 0) continue;
    if (waits[1].revents != 0) {
      static uint8_t news[128 * 4];
      while (sys_read(ended, news, sizeof news) > 0) {
      }
      reap();
    }
    /* Streams before orders: an order may begin or end sessions, which would shift the list. */
    if (!held) sessions_serve(port, waits + 2);
    if ((waits[0].revents & POLLIN) != 0) channel_receive(port, handle);
    /* The engine is gone and the files with it: nothing here can go on. */
    if ((waits[0].revents & POLLHUP) != 0) power_off();
  }
}
