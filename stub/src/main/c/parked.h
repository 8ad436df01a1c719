/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * A launcher and its new process that were made ahead of need and wait for the rest of their plan.
 *
 * What takes long before a start (a new process, its namespaces, the wait for all processors when it
 * moves to its control group) is over by then. The second plan comes over a socket, with its files;
 * it lies in memory that both processes share. docs/decisions/0320
 */
#pragma once

#include "baton.h"
#include "launch.h"

/* Whether a plan ends with waiting for another. */
bool parked_plan(const struct plan *plan);
/* Memory for the plan to come; before Clone, so that the new process sees it too. */
int parked_prepare(struct launch *launch);
/* Own descriptors move up, out of the way of those that come with the plan. After Clone. */
int parked_settle(struct launch *launch);

/* The launcher's steps. */
int await_plan(struct launch *launch, struct reader *arguments);
int take_parked(struct launch *launch, struct reader *arguments);

/* Removes what was made for a plan that never came; the new process has ended. */
void parked_clean(struct launch *launch);

/* The new process, with take_parked's message: turns to the new plan. */
int parked_resume(struct launch *launch, const struct baton *baton);
/* Its wait for that message, or for a turn in the first plan; answers as baton_receive. */
int parked_wait(struct launch *launch, struct baton *baton);
