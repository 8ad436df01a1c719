/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Mounts made ahead of need: built in a mount namespace that is left again, kept as detached trees,
 * and attached once the root of the workload is there. docs/decisions/0470
 */
#pragma once

#include "launch.h"

/*
 * Opens the mount namespace that was entered just now, while /proc is still the host's. Passed to the
 * monitor when exec comes next, it cannot end before the monitor holds it.
 */
void trees_open_own(struct launch *launch);
/* Enters a mount namespace with an empty root to build in. INSIDE. */
int build_trees(struct launch *launch, struct reader *arguments);
/* Keeps what was built at some paths, and leaves that namespace. INSIDE. */
int keep_trees(struct launch *launch, struct reader *arguments);
/* Attaches a kept tree. INSIDE. */
int place_tree(struct launch *launch, struct reader *arguments);
