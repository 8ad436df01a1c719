/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Unit tests and a fuzzer of the stub, run under the address and undefined-behaviour sanitizers. */
#include "hosted.h"

#include "clients.h"
#include "clock.h"
#include "fake_kernel.h"
#include "launch.h"
#include "log.h"
#include "plan.h"
#include "text.h"

static int failures;

#define CHECK(condition)                                             \
  do {                                                               \
    if (!(condition)) {                                              \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      failures++;                                                    \
    }                                                                \
  } while (0)

static void texts_are_cut_not_overrun(void) {
  char space[8];
  struct text text = TEXT(space);
  text_add(&text, "1234");
  text_add_number(&text, -56);
  CHECK(strcmp(space, "1234-56") == 0 && !text.full);
  text_add(&text, "7");
  CHECK(strcmp(space, "1234-56") == 0 && text.full);
}

static void numbers_are_written_whole(void) {
  char space[64];
  struct text text = TEXT(space);
  text_add_number(&text, INT64_MIN);
  text_add(&text, " ");
  text_add_padded(&text, 7, 3);
  CHECK(strcmp(space, "-9223372036854775808 007") == 0);
}

static void times_are_rfc3339(void) {
  char space[64];
  struct text text = TEXT(space);
  text_add_time(&text, 951782399, 5); /* the last second of a leap day's eve */
  CHECK(strcmp(space, "2000-02-28T23:59:59.000000005Z") == 0);
  text = TEXT(space);
  text_add_time(&text, 1709164800, 0);
  CHECK(strcmp(space, "2024-02-29T00:00:00.000000000Z") == 0);
}

static const uint8_t SMALL[] = {
    'C', 'P', 'L', 'N', 1, 0, 0, 0, 34, 0, 0, 0, 1, 0, 0, 0, /* header */
    9, 0, 1, 0, 10, 0, 0, 0, 2, 0, 0, 0, 'b', 'x', 0, 0, 0, 0,
};

static void plans_are_framed(void) {
  uint8_t bytes[sizeof SMALL];
  struct plan plan;
  struct plan_cursor cursor;
  struct step step;
  memcpy(bytes, SMALL, sizeof bytes);
  CHECK(plan_parse(&plan, bytes, sizeof bytes));
  plan_first(&plan, &cursor);
  CHECK(plan_next(&plan, &cursor, &step));
  CHECK(step.action == SET_HOSTNAME && step.side == INSIDE);
  CHECK(strcmp(read_text(&step.arguments), "bx") == 0);
  CHECK(!read_done(&step.arguments)); /* three bytes are left over */
  CHECK(!plan_next(&plan, &cursor, &step));
  for (size_t size = 0; size < sizeof bytes; size++) CHECK(!plan_parse(&plan, bytes, size));
  bytes[20] = 11; /* longer than the plan */
  CHECK(!plan_parse(&plan, bytes, sizeof bytes));
}

static void readers_turn_bad_and_stay_so(void) {
  static const uint8_t bytes[] = {5, 0, 0, 0, 'a', 0, 'b', 0, 'c', 0};
  struct reader reader = {bytes, bytes + sizeof bytes, false};
  CHECK(read_text(&reader)[0] == 0); /* a NUL in the middle */
  CHECK(reader.bad && read_u32(&reader) == 0 && !read_done(&reader));
  reader = (struct reader){bytes, bytes + 4, false};
  CHECK(read_count(&reader) == 0 && reader.bad);
}

/* Executes a plan with a kernel that does nothing. */
static void execute(const uint8_t *bytes, size_t size, unsigned seed) {
  struct plan plan;
  uint8_t *exact = malloc(size); /* so that one byte too far is seen */
  memcpy(exact, bytes, size);
  fake_kernel_start(seed);
  if (setjmp(fake_kernel_exit) == 0 && plan_parse(&plan, exact, size)) launch_run(&plan, 4);
  fake_kernel_end();
  free(exact);
}

static size_t load(const char *path, uint8_t *to, size_t space) {
  struct _IO_FILE *file = fopen(path, "rb");
  if (file == NULL) return 0;
  size_t size = fread(to, 1, space, file);
  fclose(file);
  return size;
}

static void hostile_plans_are_survived(const char *seed_path, unsigned first, unsigned rounds) {
  static uint8_t seed[65536];
  static uint8_t changed[65536];
  size_t size = load(seed_path, seed, sizeof seed);
  CHECK(size > 0);
  for (unsigned round = first; round - first < rounds && size > 0; round++) {
    fake_kernel_start(round);
    memcpy(changed, seed, size);
    for (unsigned n = fake_random() % 8; n > 0; n--) {
      size_t at = 16 + fake_random() % (size - 16);
      changed[at] = (uint8_t)(fake_random() % 3 == 0 ? fake_random() : fake_random() % 8);
    }
    execute(changed, size, round);
  }
}

int main(int count, char **arguments) {
  texts_are_cut_not_overrun();
  numbers_are_written_whole();
  times_are_rfc3339();
  plans_are_framed();
  readers_turn_bad_and_stay_so();
  if (count > 3) hostile_plans_are_survived(arguments[1], (unsigned)atoi(arguments[2]), (unsigned)atoi(arguments[3]));
  printf(failures == 0 ? "ok\n" : "%d checks failed\n", failures);
  return failures != 0;
}
