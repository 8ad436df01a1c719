/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.Engine;

/**
 * One build as each of its instructions sees it.
 *
 * @param request what the client wants
 * @param context the files it sent
 * @param output where it reads of the progress
 */
record BuildJob(
    Engine engine,
    BuildRequest request,
    BuildContext context,
    BuildOutput output,
    BuildPlace place) {}
