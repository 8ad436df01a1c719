/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.time.Instant;

/**
 * What lies at a path of a container.
 *
 * @param mode type and permissions as of stat(2)
 * @param linkTarget empty when it is no symbolic link
 */
public record PathStat(String name, long size, int mode, Instant modified, String linkTarget) {}
