/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * Paths inside the new root. Links and ".." are followed with the root as the limit, by the kernel
 * (openat2 RESOLVE_IN_ROOT), so nothing in an image can lead outside.
 */
#pragma once

#include <stdbool.h>

#include "launch.h"

/* Descriptor of the root; "/" until a step made another. */
int root_of(struct launch *launch);
/* Makes that root "/" and lets go of the old tree. */
int root_switch(struct launch *launch);
/* Opens an existing path: a descriptor or minus errno. */
int root_open(struct launch *launch, const char *path, int flags);
/* Opens (O_PATH) a directory, made with its parents when missing. */
int root_directory(struct launch *launch, const char *path, int mode);
/* Opens (O_PATH) a file of any kind, made as an empty one, with its parents, when missing. */
int root_file(struct launch *launch, const char *path);
/* Opens (O_PATH) the parent, made when missing; `name` gets the last part of the path. */
int root_parent(struct launch *launch, const char *path, const char **name);
/* Opens the /proc of the root, proven to be the root directory of a procfs. */
int root_proc(struct launch *launch);
/* Writes a whole text to a file below that /proc; no link and no other mount is passed. */
int root_proc_write(struct launch *launch, const char *path, const char *value);
