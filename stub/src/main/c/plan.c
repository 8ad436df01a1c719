/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "plan.h"

#include <linux/fcntl.h>

#include "text.h"

#define MAGIC 0x4e4c5043u /* "CPLN" */
#define VERSION 1u
#define HEADER_SIZE 16
#define STEP_HEADER_SIZE 8

static uint32_t little32(const uint8_t *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool plan_parse(struct plan *plan, const uint8_t *bytes, size_t size) {
  if (size < HEADER_SIZE || size > PLAN_MAX_SIZE) return false;
  if (little32(bytes) != MAGIC || little32(bytes + 4) != VERSION) return false;
  if (little32(bytes + 8) != size) return false;
  *plan = (struct plan){bytes, (uint32_t)size, little32(bytes + 12)};
  if (plan->step_count > PLAN_MAX_STEPS) return false;
  struct plan_cursor cursor;
  struct step step;
  plan_first(plan, &cursor);
  while (plan_next(plan, &cursor, &step)) {
    if (step.arguments.bad) return false;
  }
  return cursor.position == plan->step_count && cursor.next == bytes + size;
}

void plan_first(const struct plan *plan, struct plan_cursor *cursor) {
  cursor->next = plan->bytes + HEADER_SIZE;
  cursor->position = 0;
}

bool plan_next(const struct plan *plan, struct plan_cursor *cursor, struct step *step) {
  const uint8_t *end = plan->bytes + plan->size;
  if (cursor->position >= plan->step_count) return false;
  *step = (struct step){.arguments = {.bad = true}};
  if (end - cursor->next < STEP_HEADER_SIZE) return false;
  uint32_t length = little32(cursor->next + 4);
  const uint8_t *arguments = cursor->next + STEP_HEADER_SIZE;
  if (length > (size_t)(end - arguments)) return false;
  unsigned side = cursor->next[2] | (unsigned)cursor->next[3] << 8;
  step->action = (enum action)(cursor->next[0] | (unsigned)cursor->next[1] << 8);
  step->side = side == INSIDE ? INSIDE : OUTSIDE;
  step->arguments = (struct reader){arguments, arguments + length, side > INSIDE};
  cursor->next = arguments + length;
  cursor->position++;
  return true;
}

static const uint8_t *take(struct reader *from, size_t size) {
  if (from->bad || size > (size_t)(from->end - from->next)) {
    from->bad = true;
    return NULL;
  }
  const uint8_t *taken = from->next;
  from->next += size;
  return taken;
}

uint32_t read_u32(struct reader *from) {
  const uint8_t *at = take(from, 4);
  return at == NULL ? 0 : little32(at);
}

int32_t read_int(struct reader *from) { return (int32_t)read_u32(from); }

uint64_t read_u64(struct reader *from) {
  uint64_t low = read_u32(from);
  return low | (uint64_t)read_u32(from) << 32;
}

bool read_flag(struct reader *from) {
  uint32_t value = read_u32(from);
  if (value > 1) from->bad = true;
  return value == 1;
}

/* The length up to the first NUL, or `space` without one. */
static size_t length_within(const uint8_t *text, size_t space) {
  size_t length = 0;
  while (length < space && text[length] != 0) length++;
  return length;
}

const char *read_text(struct reader *from) {
  uint32_t length = read_u32(from);
  const uint8_t *at = take(from, (size_t)length + 1);
  if (at == NULL) return "";
  if (length_within(at, (size_t)length + 1) != length) {
    from->bad = true;
    return "";
  }
  return (const char *)at;
}

struct bytes read_bytes(struct reader *from) {
  uint32_t size = read_u32(from);
  const uint8_t *at = take(from, size);
  return (struct bytes){at, at == NULL ? 0 : size};
}

struct handle read_handle(struct reader *from) {
  int descriptor = read_int(from);
  const char *path = read_text(from);
  if (descriptor < -1 || (descriptor == -1 && path[0] != '/')) from->bad = true;
  return (struct handle){descriptor == -1 ? AT_FDCWD : descriptor, path};
}

uint32_t read_count(struct reader *from) {
  uint32_t count = read_u32(from);
  /* Every element takes four bytes or more. */
  if (from->bad || count > (size_t)(from->end - from->next) / 4) {
    from->bad = true;
    return 0;
  }
  return count;
}

struct list read_texts(struct reader *from) {
  uint32_t count = read_count(from);
  struct list list = {*from, count};
  for (uint32_t i = 0; i < count && !from->bad; i++) read_text(from);
  if (from->bad) return (struct list){*from, 0};
  return list;
}

bool read_done(const struct reader *from) { return !from->bad && from->next == from->end; }
