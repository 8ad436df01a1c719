/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Running another program to its end: hooks, newuidmap. */
#pragma once

#include <stddef.h>

struct program {
  const char *path;
  const char *const *arguments;
  const char *const *environment;
  const char *input; /* given on its standard input; NULL: nothing */
  int timeout_seconds; /* 0: none */
};

/* Answers 0, or what fault() answered with the start of the program's error output. */
int program_run(const struct program *program);
