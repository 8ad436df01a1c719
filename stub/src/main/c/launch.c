/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Carries out a plan: takes turns with the new process until it became the workload. */
#include "launch.h"

#include "baton.h"
#include "init.h"
#include "kernel.h"
#include "monitor.h"
#include "parked.h"
#include "process.h"
#include "report.h"
#include "supervision.h"
#include "text.h"

#define FAILED_EXIT 125

int malformed(void) { return fault(-EINVAL, "decode arguments", ""); }

int unknown_action(void) { return fault(-ENOSYS, "unknown action", ""); }

static int perform(struct launch *launch, struct step *step) {
  unsigned family = step->action;
  if (family < 20) return namespace_step(launch, step->action, &step->arguments);
  if (family < 40) return mount_step(launch, step->action, &step->arguments);
  if (family < 50) return file_step(launch, step->action, &step->arguments);
  if (family < 60) return identity_step(launch, step->action, &step->arguments);
  if (family < 80) return process_step(launch, step->action, &step->arguments);
  return supervision_step(launch, step->action, &step->arguments);
}

/* The new process cannot go on: it tells everyone who listens, and ends. */
static __attribute__((noreturn)) void fail_inside(struct launch *launch, int error) {
  struct baton baton = {.kind = BATON_FAILED, .step = launch->step, .value = -error};
  struct text detail = TEXT(baton.detail);
  struct report report = report_of_fault(launch->step, error);
  text_add(&detail, fault_detail());
  baton_send(launch->baton, &baton, -1);
  report_send(launch->starter, &report);
  sys_exit(FAILED_EXIT);
}

/* The launcher cannot go on: nothing of the launch is left behind. */
static int fail_outside(struct launch *launch, const struct report *report) {
  if (launch->child_fd >= 0) {
    CALL4(pidfd_send_signal, launch->child_fd, SIGKILL, NULL, 0);
    sys_wait(launch->child, NULL, 0);
  }
  parked_clean(launch);
  monitor_discard();
  report_send(launch->status, report);
  return FAILED_EXIT;
}

static int await_turn_inside(struct launch *launch) {
  struct baton baton;
  int got;
  if (launch->next_plan != NULL && !launch->taken) {
    got = parked_wait(launch, &baton);
    if (got > 0 && baton.kind == BATON_PLAN) {
      int error = parked_resume(launch, &baton);
      if (error < 0) fail_inside(launch, error);
      got = parked_wait(launch, &baton);
    }
  } else {
    int sender = 0;
    int descriptor;
    do {
      got = baton_receive(launch->baton, &baton, &sender, &descriptor);
      if (got > 0 && baton.kind == BATON_GO) launch->go = true;
    } while (got > 0 && baton.kind == BATON_GO);
  }
  if (got <= 0 || baton.kind != BATON_TURN) sys_exit(FAILED_EXIT); /* the launcher is gone */
  launch->child = baton.value;
  return (int)baton.step;
}

void await_go(struct launch *launch) {
  struct baton baton;
  if (!launch->taken || launch->go) return;
  if (parked_wait(launch, &baton) <= 0 || baton.kind != BATON_GO) sys_exit(FAILED_EXIT);
  launch->go = true;
}

static void give_turn(struct launch *launch, uint32_t step) {
  struct baton baton = {.kind = BATON_TURN, .step = step, .value = launch->child};
  baton_send(launch->baton, &baton, -1);
}

/* A parked process begins at once with its first steps: none of them needs what is still done outside. */
static void give_turn_ahead(struct launch *launch, struct plan_cursor cursor) {
  struct step step;
  while (plan_next(&launch->plan, &cursor, &step)) {
    if (step.side != INSIDE) continue;
    give_turn(launch, cursor.position - 1);
    launch->ahead = true;
    return;
  }
}

static void replace_child(struct launch *launch, int pid) {
  sys_wait(launch->child, NULL, 0);
  sys_close(launch->child_fd);
  launch->child = pid;
  launch->child_fd = (int)CALL2(pidfd_open, pid, 0);
}

/*
 * The last process of a mount namespace takes all of it apart when it ends, which waits for all
 * processors and, with an overlay, for the disk. Held by the monitor, that happens after it told of
 * the end. A parked process sends its namespace along; of another, which may have ended already, it is
 * looked for.
 */
static void hold_mounts(struct launch *launch) {
  char space[48];
  struct text path = TEXT(space);
  text_add(&path, "/proc/");
  text_add_number(&path, launch->child);
  text_add(&path, "/ns/mnt");
  sys_open(space, O_RDONLY);
}

enum turn { TURN_OURS, TURN_RUNNING, TURN_FAILED, TURN_LEAVE };

/* What the new process says until it is our turn again; `baton` is its last message. */
static enum turn await_turn_outside(struct launch *launch, struct baton *baton) {
  bool executing = false;
  uint32_t executed = 0;
  for (;;) {
    int sender = launch->child;
    int descriptor;
    if (launch->watched) monitor_await(launch->baton);
    int got = baton_receive(launch->baton, baton, &sender, &descriptor);
    if (got <= 0) {
      baton->step = executed;
      return executing ? TURN_RUNNING : TURN_FAILED;
    }
    switch (baton->kind) {
      case BATON_TURN: return TURN_OURS;
      case BATON_FAILED: return TURN_FAILED;
      case BATON_RENEWED: replace_child(launch, sender); break;
      case BATON_TERMINAL: take_terminal(launch, descriptor); break;
      case BATON_LISTENER: send_listener(launch, baton->step, descriptor); break;
      case BATON_WAITING: {
        struct report report = report_of(REPORT_CREATED, baton->step, launch->child);
        report_send(launch->status, &report);
        if (!launch->watched && !launch->awaits_exit) return TURN_LEAVE;
        break;
      }
      case BATON_EXECUTING:
        if (launch->watched && descriptor < 0) hold_mounts(launch);
        executing = true;
        executed = baton->step;
        break;
      default: break;
    }
  }
}

static struct report report_of_death(struct launch *launch, const struct baton *baton) {
  if (baton->kind != BATON_FAILED) {
    return report_of_fault(launch->step, fault(-ECHILD, "the new process died", ""));
  }
  return report_of_fault(baton->step, fault(-baton->value, baton->detail, ""));
}

/* The position of the Exec step: where OUTSIDE goes on once the workload runs. */
static uint32_t after_exec(const struct plan *plan) {
  struct plan_cursor cursor;
  struct step step;
  plan_first(plan, &cursor);
  while (plan_next(plan, &cursor, &step)) {
    if (step.action == EXEC) break;
  }
  return cursor.position;
}

static void move_to(const struct plan *plan, struct plan_cursor *cursor, uint32_t position) {
  struct step skipped;
  plan_first(plan, cursor);
  while (cursor->position < position && plan_next(plan, cursor, &skipped)) {
  }
}

static int finish(struct launch *launch) {
  if (launch->child_fd < 0) return 0;
  struct report report = report_of(REPORT_RUNNING, 0, launch->child);
  report_send(launch->status, &report);
  if (launch->watched) return monitor_run(launch);
  if (!launch->awaits_exit) return 0;
  int code = supervise(launch->child);
  report = report_of(REPORT_EXITED, 0, code);
  report_send(launch->status, &report);
  return code;
}

int launch_run(const struct plan *plan, int status) {
  struct launch launch = {
      .plan = *plan,
      .side = OUTSIDE,
      .status = status,
      .baton = -1,
      .root = -1,
      .child_fd = -1,
      .starter = -1,
      .terminal = -1,
      .console = -1,
      .child_ends = {-1, -1, -1},
      .monitor_ends = {-1, -1, -1},
  };
  struct plan_cursor cursor;
  struct step step;
  plan_first(&launch.plan, &cursor);
  while (plan_next(&launch.plan, &cursor, &step)) {
    launch.step = cursor.position - 1;
    if (step.side != launch.side) {
      if (launch.side == INSIDE) {
        give_turn(&launch, launch.step);
        move_to(&launch.plan, &cursor, (uint32_t)await_turn_inside(&launch));
        continue;
      }
      struct baton baton;
      if (launch.baton < 0) { /* LaunchPlan refuses this; bytes need not come from there */
        struct report report = report_of_fault(launch.step, fault(-EINVAL, "no new process", ""));
        return fail_outside(&launch, &report);
      }
      if (launch.ahead) {
        struct baton go = {.kind = BATON_GO};
        baton_send(launch.baton, &go, -1);
      } else {
        give_turn(&launch, launch.step);
      }
      launch.ahead = false;
      enum turn turn = await_turn_outside(&launch, &baton);
      if (turn == TURN_LEAVE) return 0;
      if (turn == TURN_FAILED) {
        struct report report = report_of_death(&launch, &baton);
        return fail_outside(&launch, &report);
      }
      move_to(&launch.plan, &cursor, turn == TURN_OURS ? baton.step : after_exec(&launch.plan));
      continue;
    }
    int error = perform(&launch, &step);
    if (error < 0 && launch.side == INSIDE) fail_inside(&launch, error);
    if (error < 0) {
      struct report report = report_of_fault(launch.step, error);
      return fail_outside(&launch, &report);
    }
    if (step.action == AWAIT_PLAN) plan_first(&launch.plan, &cursor);
    if (step.action == TAKE_PARKED && launch.side == OUTSIDE) give_turn_ahead(&launch, cursor);
    if (step.action == CLONE && launch.side == INSIDE) {
      move_to(&launch.plan, &cursor, (uint32_t)await_turn_inside(&launch));
    }
  }
  if (launch.side == INSIDE) fail_inside(&launch, fault(-EINVAL, "the plan ends without exec", ""));
  return finish(&launch);
}
