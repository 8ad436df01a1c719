/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "clock.h"

#include "kernel.h"

#define DAY 86400

int64_t clock_millis(void) {
  struct __kernel_timespec now = {0};
  CALL2(clock_gettime, CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Days since 1970 as a date; years start in March, so that the leap day ends them. */
static void add_date(struct text *to, int64_t days) {
  int64_t shifted = days + 719468; /* days since 0000-03-01 */
  int64_t era = shifted / 146097;
  int64_t day_of_era = shifted - era * 146097;
  int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * day_of_year + 2) / 153;
  int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  month += month < 10 ? 3 : -9;
  text_add_padded(to, (uint64_t)(year_of_era + era * 400 + (month <= 2 ? 1 : 0)), 4);
  text_add(to, "-");
  text_add_padded(to, (uint64_t)month, 2);
  text_add(to, "-");
  text_add_padded(to, (uint64_t)day, 2);
}

void text_add_time(struct text *to, int64_t seconds, uint32_t nanos) {
  uint64_t of_day = (uint64_t)(seconds % DAY);
  add_date(to, seconds / DAY);
  text_add(to, "T");
  text_add_padded(to, of_day / 3600, 2);
  text_add(to, ":");
  text_add_padded(to, of_day / 60 % 60, 2);
  text_add(to, ":");
  text_add_padded(to, of_day % 60, 2);
  text_add(to, ".");
  text_add_padded(to, nanos, 9);
  text_add(to, "Z");
}

void text_add_now(struct text *to) {
  struct __kernel_timespec now = {0};
  CALL2(clock_gettime, CLOCK_REALTIME, &now);
  text_add_time(to, now.tv_sec, (uint32_t)now.tv_nsec);
}
