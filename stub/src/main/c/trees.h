/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Mounts made ahead of need: built in a mount namespace without any of the host's, and moved into the
 * root of the workload once that is there. docs/decisions/0470, 0511
 */
#pragma once

#include "launch.h"

/*
 * Opens the mount namespace that was entered just now, while /proc can still be reached. Passed to the
 * monitor when exec comes next, it cannot end before the monitor holds it.
 */
void trees_open_own(struct launch *launch);
/* Enters a mount namespace with an empty root to build in. INSIDE. */
int build_trees(struct launch *launch, struct reader *arguments);
/* Keeps what was built at some paths, and lets go of the host's mounts. INSIDE. */
int keep_trees(struct launch *launch, struct reader *arguments);
/* For a workload that needs them: back among the host's mounts, with the trees. INSIDE. */
int trees_return(struct launch *launch);
/* For one that does not: the way back is closed. INSIDE. */
void trees_stay(struct launch *launch);
/* Attaches a kept tree. INSIDE. */
int place_tree(struct launch *launch, struct reader *arguments);
