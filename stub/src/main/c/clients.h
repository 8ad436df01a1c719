/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Connections to the control socket, as frames: one byte of type, three zeros, the length of the
 * payload as a big-endian number, the payload. Output frames are those of Docker's multiplexed
 * streams. docs/monitor.md lists all of them.
 *
 * Output is never copied per client: one chunk goes to all of them before the next is read. A
 * client that takes nothing for CLIENT_PATIENCE while a chunk waits is disconnected.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel.h"

#define CLIENTS 32
#define CLIENT_PATIENCE 10000 /* milliseconds */
#define CHUNK 16384

/* What clients can ask the monitor to do. Each answers 0 or minus errno. */
struct requests {
  int (*resize)(unsigned columns, unsigned rows);
  int (*signal)(unsigned number);
  void (*end_input)(void);
  /* Fills the state frame: phase, pid, exit code, lost log bytes. */
  void (*state)(uint32_t words[4]);
};

void clients_serve(const struct requests *requests);
void clients_accept(int listener);

/* Adds to the poll set; answers how many. */
unsigned clients_poll(struct pollfd *fds);
/* Acts on a poll's results for the entries that clients_poll added. */
void clients_handle(const struct pollfd *fds, unsigned count);

/* A chunk waits for slow clients: do not read more output now. */
bool clients_busy(void);
/* Milliseconds until patience ends; -1 when nobody is waited for. */
int clients_timeout(void);
/* Where the next chunk of output goes, CHUNK bytes; then clients_send tells its size and stream. */
uint8_t *clients_chunk(void);
void clients_send(int stream, size_t size);

/* Bytes for the workload's input that wait, and taking some away once written. */
size_t clients_input(const uint8_t **bytes);
void clients_input_taken(size_t size);
/* Nobody will read input any more: what comes is dropped. */
void clients_input_closed(void);

/* Tells everyone how it ended, and hangs up. */
void clients_exited(uint32_t code, uint32_t signal, uint32_t out_of_memory);
