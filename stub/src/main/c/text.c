/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "text.h"

#ifndef CAISSON_HOSTED /* the test program has a C library */
void *memcpy(void *to, const void *from, size_t size) {
  void *result = to;
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
  return result;
}

void *memset(void *to, int byte, size_t size) {
  void *result = to;
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
  return result;
}

void *memmove(void *to, const void *from, size_t size) {
  char *target = to;
  const char *source = from;
  if (target <= source || target >= source + size) return memcpy(to, from, size);
  while (size-- > 0) {
    target[size] = source[size];
    __asm__ volatile("" : : : "memory"); /* or the compiler makes this loop a call of memmove */
  }
  return to;
}

int memcmp(const void *a, const void *b, size_t size) {
  const unsigned char *left = a;
  const unsigned char *right = b;
  for (; size > 0; size--, left++, right++) {
    if (*left != *right) return *left - *right;
  }
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length] != 0) {
    length++;
    __asm__ volatile("" : : : "memory");
  }
  return length;
}
#endif

bool text_equals(const char *a, const char *b) {
  while (*a != 0 && *a == *b) a++, b++;
  return *a == *b;
}

bool text_starts(const char *text, const char *start) {
  while (*start != 0 && *text == *start) text++, start++;
  return *start == 0;
}

const char *text_last(const char *text, char letter) {
  const char *found = NULL;
  for (; *text != 0; text++) {
    if (*text == letter) found = text;
  }
  return found;
}

void text_add_bytes(struct text *to, const char *more, size_t length) {
  size_t room = to->space - to->length - 1;
  if (length > room) {
    length = room;
    to->full = true;
  }
  memcpy(to->start + to->length, more, length);
  to->length += length;
  to->start[to->length] = 0;
}

void text_add(struct text *to, const char *more) { text_add_bytes(to, more, strlen(more)); }

void text_add_padded(struct text *to, uint64_t number, int digits) {
  char reversed[20];
  int count = 0;
  do {
    reversed[count++] = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0 || count < digits);
  while (count > 0) text_add_bytes(to, &reversed[--count], 1);
}

void text_add_number(struct text *to, int64_t number) {
  if (number < 0) text_add(to, "-");
  text_add_padded(to, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 1);
}
