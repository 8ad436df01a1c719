/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * CPU time a process has used so far, with all its threads, in ns. clock_getcpuclockid(3)
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int count, char **words) {
  clockid_t clock;
  struct timespec used;
  if (count != 2 || clock_getcpuclockid(atoi(words[1]), &clock) || clock_gettime(clock, &used)) return 1;
  printf("%lld\n", (long long)used.tv_sec * 1000000000 + used.tv_nsec);
  return 0;
}
