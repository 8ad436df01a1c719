/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "channel.h"

#include "../kernel.h"
#include "../text.h"
#include "guest.h"

static uint8_t header[sizeof(struct frame)];
static size_t header_filled;
static uint8_t *payload;
static size_t payload_filled;

static void write_all(int port, const uint8_t *from, size_t length) {
  while (length > 0) {
    long written = CALL3(write, port, from, length);
    if (written == -EINTR) continue;
    if (written == -EAGAIN) {
      struct pollfd wait = {.fd = port, .events = POLLOUT};
      sys_poll(&wait, 1, -1);
      continue;
    }
    if (written <= 0) die("the host closed the control channel", written);
    from += written;
    length -= (size_t)written;
  }
}

void channel_send(
    int port, uint16_t type, uint16_t stream, uint32_t session, const void *body, size_t length) {
  /* One write for small frames: each write is a request to the device. */
  static uint8_t packet[sizeof(struct frame) + PIECE_MAX];
  struct frame frame = {
      .length = (uint32_t)length, .type = type, .stream = stream, .session = session};
  memcpy(packet, &frame, sizeof frame);
  if (length <= PIECE_MAX) {
    memcpy(packet + sizeof frame, body, length);
    write_all(port, packet, sizeof frame + length);
  } else {
    write_all(port, packet, sizeof frame);
    write_all(port, body, length);
  }
}

static void handle_if_complete(frame_handler *handler) {
  struct frame frame;
  memcpy(&frame, header, sizeof frame);
  if (payload == NULL) {
    if (frame.length > FRAME_MAX) die("frame too long", frame.length);
    payload = pages(frame.length + 1);
  }
  if (payload_filled < frame.length) return;
  payload[frame.length] = 0; /* so that a path at the end is a text */
  handler(&frame, payload);
  free_pages(payload, frame.length + 1);
  payload = NULL;
  payload_filled = 0;
  header_filled = 0;
}

void channel_receive(int port, frame_handler *handler) {
  for (;;) {
    uint8_t *to = header + header_filled;
    size_t wanted = sizeof header - header_filled;
    if (wanted == 0) {
      struct frame frame;
      memcpy(&frame, header, sizeof frame);
      to = payload + payload_filled;
      wanted = frame.length - payload_filled;
    }
    long count = CALL3(read, port, to, wanted);
    if (count == -EINTR) continue;
    /* A port whose host end is not connected reads as ended; poll waits for it. */
    if (count == -EAGAIN || count == 0) return;
    if (count < 0) die("cannot read the control channel", count);
    if (header_filled < sizeof header) {
      header_filled += (size_t)count;
    } else {
      payload_filled += (size_t)count;
    }
    if (header_filled == sizeof header) handle_if_complete(handler);
  }
}
