/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What front end and engine say to each other: one byte of kind, four of length (little-endian), then so many
 * bytes. dev.caisson.cli.dialog.Frame has the same numbers.
 */
#ifndef CAISSON_PROTOCOL_H
#define CAISSON_PROTOCOL_H

enum { VERSION = 1, HEADER = 5 };

/* From the front end. */
enum { REQUEST = 'R', INPUT = 'I', INPUT_END = 'E', SIGNAL = 'S', SIZE = 'W' };

/* From the engine. */
enum { ACCEPTED = 'a', CREDIT = 'i', RAW = 'r', COOKED = 'c', EXIT = 'x' };

#endif
