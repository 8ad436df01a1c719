/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The one stream of bytes between the guest and its host, cut into frames; docs/guest-protocol.md
 * defines them. Numbers are little-endian, as the machine's own are.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The protocol's version, told in HELLO. */
#define GUEST_PROTOCOL 3

/* Largest payload: an encoded plan and its launch header. */
#define FRAME_MAX ((4u << 20) + 64)

/* Largest piece of a stream in one frame. */
#define PIECE_MAX (32u << 10)

/* What a sender may have on its way before the receiver grants more. */
#define STREAM_CREDIT (128u << 10)

enum from_host {
  LAUNCH = 1,    /* flags (1 terminal, 2 input), rows, columns; the encoded plan */
  INPUT = 2,     /* bytes for standard input; none: its end */
  WINDOW = 3,    /* rows, columns */
  SIGNAL = 4,    /* number, for the session's first process */
  CREDIT = 5,    /* stream; bytes that may follow */
  READ_FILE = 6, /* path; answered by FILE */
  POWER_OFF = 7,
  SET_CLOCK = 8,   /* seconds, nanoseconds */
  ADD_ENTROPY = 9, /* bytes for the random generator */
  NETWORK = 10,    /* rtnetlink requests, as they go to the kernel */
  WRITE_FILE = 12, /* path, 0, content for an existing file such as a limit */
  PROCESSES = 11,  /* answered by FILE: stat and command line of each process */
  HOLD = 13,       /* stand still for a snapshot; nothing but answers is sent until GO */
  GO = 14,         /* flags (GO_AS_CLONE); paths whose attributes are asked for anew, each with its NUL */
  IDENTITY = 15,   /* process id; boot id, host name, domain name, each with its NUL */
};

enum to_host {
  HELLO = 1,    /* version */
  STARTED = 2,  /* process id */
  FAILED = 3,   /* step, errno, detail */
  OUTPUT = 4,   /* stream; bytes; none: its end */
  EXITED = 5,   /* exit code, or 128 + signal */
  ACCEPTED = 6, /* bytes of INPUT that the process took */
  FILE_CONTENT = 7,
  ANSWER = 8, /* errno of what asks for no content; 0: done */
};

/* Of GO: another host listens, who has taken all output and grants anew. */
#define GO_AS_CLONE 1

struct frame {
  uint32_t length;
  uint16_t type;
  uint16_t stream;
  uint32_t session;
};

/* Sends a frame; ends the guest when the host is gone. */
void channel_send(
    int port, uint16_t type, uint16_t stream, uint32_t session, const void *payload, size_t length);

/*
 * Reads what has come and hands every complete frame to the handler. The payload may be changed; it
 * is valid during the call only.
 */
typedef void frame_handler(const struct frame *frame, uint8_t *payload);
void channel_receive(int port, frame_handler *handler);
