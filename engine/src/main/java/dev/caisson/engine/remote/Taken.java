/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import java.util.Optional;

/**
 * A piece of input has reached who wanted it.
 *
 * @param detached these were the detach keys
 * @param failure why it has not
 */
record Taken(boolean detached, Optional<Failure> failure) {
  static final Taken WELL = new Taken(false, Optional.empty());
}
