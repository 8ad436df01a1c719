/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "report.h"

#include "kernel.h"
#include "text.h"

static char detail[REPORT_DETAIL];

int fault(long error, const char *call, const char *subject) {
  struct text text = TEXT(detail);
  text_add(&text, call);
  if (subject[0] != 0) {
    text_add(&text, " ");
    text_add(&text, subject);
  }
  return (int)error;
}

const char *fault_detail(void) { return detail; }

struct report report_of(enum report_kind kind, uint32_t step, int value) {
  return (struct report){.kind = kind, .step = step, .value = value};
}

struct report report_of_fault(uint32_t step, long error) {
  struct report report = report_of(REPORT_FAILED, step, (int)-error);
  report.detail_length = (uint32_t)strlen(detail);
  memcpy(report.detail, detail, report.detail_length);
  return report;
}

void report_send(int fd, const struct report *report) {
  if (fd >= 0) sys_write(fd, report, REPORT_HEADER + report->detail_length);
}
