/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clients.h"

#include "clock.h"
#include "text.h"

#define HEADER 8
#define REQUEST_SPACE 8
#define INPUT_SPACE 4096

enum frame {
  FRAME_STDOUT = 1,
  FRAME_STDERR = 2,
  FRAME_ATTACH = 'a',
  FRAME_INPUT = 'i',
  FRAME_END_INPUT = 'e',
  FRAME_RESIZE = 'r',
  FRAME_SIGNAL = 's',
  FRAME_QUERY = 'q',
  FRAME_ANSWER = 'A',
  FRAME_STATE = 'S',
  FRAME_EXITED = 'X',
};

struct client {
  int fd;
  uint8_t streams;  /* bit 0: stdout, bit 1: stderr */
  bool chunk_waits; /* has not taken all of the chunk */
  uint32_t chunk_sent;
  uint8_t head[HEADER + REQUEST_SPACE]; /* header and payload of a request, as far as read */
  uint32_t head_length;
  uint32_t input_left; /* payload of an input frame still to come */
  uint8_t answer[HEADER + 16]; /* waits for the end of the chunk: frames do not mix */
  uint32_t answer_length;
};

static struct client clients[CLIENTS];
static unsigned client_count;
static const struct requests *requests;

/* A header in front of the bytes makes a chunk one frame. */
static uint8_t chunk[HEADER + CHUNK];
static uint32_t chunk_length;
static int64_t chunk_since;

static struct {
  uint8_t bytes[INPUT_SPACE];
  uint32_t offset;
  uint32_t length;
  bool closed;
} input;

static void put32(uint8_t *to, uint32_t number) {
  for (int i = 0; i < 4; i++) to[i] = (uint8_t)(number >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

void clients_serve(const struct requests *wanted) { requests = wanted; }

static void drop(struct client *client) {
  sys_close(client->fd);
  *client = clients[--client_count];
}

/* Answers are few bytes; a client whose socket has no room for them has not read for long. */
static bool send_answer(struct client *client) {
  uint32_t size = client->answer_length;
  client->answer_length = 0;
  return CALL6(sendto, client->fd, client->answer, size, MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0) ==
         (long)size;
}

static bool answer(struct client *client, enum frame type, const uint32_t *words, uint32_t count) {
  memset(client->answer, 0, HEADER);
  client->answer[0] = (uint8_t)type;
  put32(client->answer + 4, count * 4);
  for (uint32_t i = 0; i < count; i++) put32(client->answer + HEADER + 4 * i, words[i]);
  client->answer_length = HEADER + count * 4;
  return client->chunk_waits || send_answer(client);
}

void clients_accept(int listener) {
  long fd = CALL4(accept4, listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  if (client_count == CLIENTS) {
    sys_close((int)fd);
    return;
  }
  clients[client_count++] = (struct client){.fd = (int)fd};
}

/* Input waits for the workload; until it took all, no further input is read. */
static bool reads(const struct client *client) {
  if (client->answer_length > 0) return false;
  return client->input_left == 0 || input.length == 0;
}

unsigned clients_poll(struct pollfd *fds) {
  for (unsigned i = 0; i < client_count; i++) {
    struct client *client = &clients[i];
    fds[i] = (struct pollfd){.fd = client->fd};
    if (reads(client)) fds[i].events |= POLLIN;
    if (client->chunk_waits) fds[i].events |= POLLOUT;
  }
  return client_count;
}

static bool send_chunk(struct client *client) {
  long sent = CALL6(
      sendto, client->fd, chunk + client->chunk_sent, chunk_length - client->chunk_sent,
      MSG_DONTWAIT | MSG_NOSIGNAL, 0, 0);
  if (sent < 0) return sent == -EAGAIN || sent == -EINTR;
  client->chunk_sent += (uint32_t)sent;
  client->chunk_waits = client->chunk_sent < chunk_length;
  if (sent > 0) chunk_since = clock_millis();
  if (!client->chunk_waits && client->answer_length > 0) return send_answer(client);
  return true;
}

static bool read_input(struct client *client) {
  uint32_t wanted = client->input_left < INPUT_SPACE ? client->input_left : INPUT_SPACE;
  long got = sys_read(client->fd, input.bytes, wanted);
  if (got <= 0) return got == -EINTR;
  client->input_left -= (uint32_t)got;
  input.offset = 0;
  input.length = input.closed ? 0 : (uint32_t)got;
  return true;
}

static bool send_state(struct client *client) {
  uint32_t words[4];
  requests->state(words);
  return answer(client, FRAME_STATE, words, 4);
}

static bool send_result(struct client *client, int result) {
  uint32_t word = (uint32_t)-result;
  return answer(client, FRAME_ANSWER, &word, 1);
}

/* Payload sizes of requests; -1 for what is none. Input has any size. */
static int payload_size(uint8_t type) {
  switch (type) {
    case FRAME_ATTACH: return 1;
    case FRAME_END_INPUT: return 0;
    case FRAME_RESIZE: return 4;
    case FRAME_SIGNAL: return 4;
    case FRAME_QUERY: return 0;
    default: return -1;
  }
}

static bool obey(struct client *client) {
  const uint8_t *payload = client->head + HEADER;
  switch (client->head[0]) {
    case FRAME_ATTACH:
      client->streams = payload[0] & 3;
      return send_state(client);
    case FRAME_END_INPUT:
      requests->end_input();
      return true;
    case FRAME_RESIZE:
      return send_result(
          client, requests->resize(get32(payload) >> 16, get32(payload) & 0xffff));
    case FRAME_SIGNAL: return send_result(client, requests->signal(get32(payload)));
    default: return send_state(client);
  }
}

/* Reads as much of a header or request as there is; false: hang up. */
static bool read_request(struct client *client) {
  uint32_t wanted = HEADER;
  if (client->head_length >= HEADER) wanted += get32(client->head + 4);
  long got = sys_read(client->fd, client->head + client->head_length, wanted - client->head_length);
  if (got <= 0) return got == -EINTR;
  client->head_length += (uint32_t)got;
  if (client->head_length < HEADER) return true;
  uint32_t length = get32(client->head + 4);
  if (client->head[0] == FRAME_INPUT) {
    client->input_left = length;
    client->head_length = 0;
    return true;
  }
  if (payload_size(client->head[0]) != (int)length) return false;
  if (client->head_length < HEADER + length) return true;
  client->head_length = 0;
  return obey(client);
}

static bool handle(struct client *client, short events) {
  if ((events & (POLLERR | POLLNVAL)) != 0) return false;
  if ((events & POLLOUT) != 0 && client->chunk_waits && !send_chunk(client)) return false;
  if ((events & POLLIN) != 0 && reads(client)) {
    return client->input_left > 0 ? read_input(client) : read_request(client);
  }
  return (events & POLLHUP) == 0;
}

static bool out_of_patience(const struct client *client) {
  return client->chunk_waits && clock_millis() - chunk_since >= CLIENT_PATIENCE;
}

void clients_handle(const struct pollfd *fds, unsigned count) {
  /* Backwards: dropping one moves the last into its place. */
  for (unsigned i = count; i-- > 0;) {
    struct client *client = &clients[i];
    if (!handle(client, fds[i].revents) || out_of_patience(client)) drop(client);
  }
}

bool clients_busy(void) {
  for (unsigned i = 0; i < client_count; i++) {
    if (clients[i].chunk_waits) return true;
  }
  return false;
}

int clients_timeout(void) {
  if (!clients_busy()) return -1;
  int64_t left = chunk_since + CLIENT_PATIENCE - clock_millis();
  return left < 0 ? 0 : (int)left;
}

uint8_t *clients_chunk(void) { return chunk + HEADER; }

void clients_send(int stream, size_t size) {
  memset(chunk, 0, 4);
  chunk[0] = (uint8_t)stream;
  put32(chunk + 4, (uint32_t)size);
  chunk_length = HEADER + (uint32_t)size;
  chunk_since = clock_millis();
  for (unsigned i = client_count; i-- > 0;) {
    struct client *client = &clients[i];
    if ((client->streams & stream) == 0) continue;
    client->chunk_sent = 0;
    client->chunk_waits = true;
    if (!send_chunk(client)) drop(client);
  }
}

size_t clients_input(const uint8_t **bytes) {
  *bytes = input.bytes + input.offset;
  return input.length;
}

void clients_input_taken(size_t size) {
  input.offset += (uint32_t)size;
  input.length -= (uint32_t)size;
}

void clients_input_closed(void) {
  input.closed = true;
  input.length = 0;
}

void clients_exited(uint32_t code, uint32_t signal, uint32_t out_of_memory) {
  uint32_t words[] = {code, signal, out_of_memory};
  while (client_count > 0) {
    answer(&clients[0], FRAME_EXITED, words, 3);
    drop(&clients[0]);
  }
}
