/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A log of JSON lines, as Docker's json-file driver writes them, with bounded size.
 *
 * A line longer than LOG_LINE is written in parts that do not end in a newline, as Docker does.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LOG_LINE 16384

/* `path` must stay; 0 bytes: no rotation. */
int log_open(const char *path, uint64_t max_bytes, uint32_t max_files);
/* stream 1 or 2 */
void log_write(int stream, const uint8_t *bytes, size_t size);
/* Writes what has no newline yet. */
void log_finish(void);
/* Bytes that could not be written, to a full disk for example. */
uint64_t log_lost(void);
