/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A session is one executor of a plan and the process it became: its streams go over the channel,
 * its reports become frames.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "../kernel.h"
#include "channel.h"

#define SESSIONS 256

/* Descriptors of one session that the loop may wait for. */
#define SESSION_WAITS 5

void session_launch(int port, uint32_t id, const uint8_t *payload, size_t length);
void session_input(uint32_t id, const uint8_t *bytes, size_t length);
void session_window(uint32_t id, unsigned rows, unsigned columns);
void session_signal(uint32_t id, int number);
void session_credit(uint32_t id, unsigned stream, uint32_t bytes);

/* Adds what all sessions wait for; answers how many. */
unsigned sessions_wait(struct pollfd *waits);

/* Serves what became ready, in the order sessions_wait added it. */
void sessions_serve(int port, const struct pollfd *waits);

/* A child ended: perhaps an executor. */
void sessions_reaped(int port, int pid, int status);

/* Another host listens: what it may be sent begins anew. */
void sessions_renewed(void);
