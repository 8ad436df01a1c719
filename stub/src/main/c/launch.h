/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* The state that the steps of one launch share, in each of its two processes. */
#pragma once

#include <stdbool.h>

#include "plan.h"

#define MOST_TREES 4

struct launch {
  struct plan plan;
  enum side side; /* which process this is */
  uint32_t step;  /* position of the step being done */
  int status;     /* where reports go, -1: nowhere */
  int baton;      /* socket to the other process, -1 before Clone */
  int root;       /* the new root (O_PATH), -1: still "/" */
  int child;      /* its process id: as the launcher sees it, on both sides */
  int child_fd;   /* pidfd of it */
  int starter;    /* connection of whoever started a created workload, -1: none */
  int terminal;   /* master, OUTSIDE, -1: none */
  int console;    /* socket that gets the master instead, -1: none */
  int child_ends[3];   /* what becomes the workload's streams, -1: inherited */
  int monitor_ends[3]; /* their other ends, -1: none */
  bool watched;        /* a monitor stays */
  bool awaits_exit;    /* the launcher waits and passes the exit code on */
  bool prepared;       /* exec was announced, descriptors are marked */
  uint8_t *next_plan;  /* of a parked launch: shared memory for the plan to come, else NULL */
  struct list leftovers; /* directories to remove if it never comes */
  uint32_t passed;     /* files that came with it */
  bool taken;          /* the parked process turned to that plan */
  bool ahead;          /* it has its turn already, while OUTSIDE still has steps before that */
  bool go;             /* it was told that these are done */
  int own_mounts;      /* its mount namespace, for the monitor to hold, 0: not opened */
  int host_mounts;     /* the mount namespace that was left to build trees, 0: none was */
  int trees[MOST_TREES]; /* kept mounts, -1: placed */
  uint32_t tree_count;
};

/* Every step function answers 0 or what fault() answered. */
int namespace_step(struct launch *launch, enum action action, struct reader *arguments);
int mount_step(struct launch *launch, enum action action, struct reader *arguments);
int file_step(struct launch *launch, enum action action, struct reader *arguments);
int identity_step(struct launch *launch, enum action action, struct reader *arguments);
int process_step(struct launch *launch, enum action action, struct reader *arguments);
int supervision_step(struct launch *launch, enum action action, struct reader *arguments);

/* A parked process that is INSIDE waits until OUTSIDE has done all that must be before exec. */
void await_go(struct launch *launch);

/* For arguments that do not decode. */
int malformed(void);
/* For an action number that the family does not have. */
int unknown_action(void);

/* Carries out the plan as launcher; answers the exit code of the program. */
int launch_run(const struct plan *plan, int status);
