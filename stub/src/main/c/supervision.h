/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the launcher does with descriptors that the new process hands out. */
#pragma once

#include "launch.h"

/* Keeps the master of the terminal, or passes it on to the console socket. */
void take_terminal(struct launch *launch, int master);

/* Sends a seccomp listener to the socket that the FilterCalls step at `step` names. */
void send_listener(struct launch *launch, uint32_t step, int listener);
