/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* The last moments before exec. */
#pragma once

#include "launch.h"

/*
 * Announces exec to the launcher, gives signals their defaults, and marks all descriptors but the
 * streams and the kept ones as close-on-exec. Does nothing the second time.
 */
void prepare_exec(struct launch *launch);

/* Undoes what whoever started the launcher left, a JVM for example: blocked and ignored signals. */
void default_signals(void);
