/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* The few functions of a C library that this program needs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);

bool text_equals(const char *a, const char *b);
bool text_starts(const char *text, const char *start);
/* The position of the last such letter, or NULL. */
const char *text_last(const char *text, char letter);

/* Builds a text in a fixed space; what does not fit is cut, and `full` says so. */
struct text {
  char *start;
  size_t length;
  size_t space;
  bool full;
};

#define TEXT(array) ((struct text){.start = (array), .space = sizeof(array)})

/* Each keeps the text NUL-terminated. */
void text_add(struct text *to, const char *more);
void text_add_bytes(struct text *to, const char *more, size_t length);
void text_add_number(struct text *to, int64_t number);
void text_add_padded(struct text *to, uint64_t number, int digits);
