/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Time of day as RFC 3339 text with nanoseconds, as Docker's logs have it. */
#pragma once

#include "text.h"

void text_add_now(struct text *to);
/* Milliseconds of the monotonic clock. */
int64_t clock_millis(void);
/* `seconds` since 1970 */
void text_add_time(struct text *to, int64_t seconds, uint32_t nanos);
