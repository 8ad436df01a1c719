/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

/**
 * What is asked for; its arguments follow.
 *
 * @param protocol both sides must speak the same
 */
record Call(int protocol, Service service, String method) {
  static final int PROTOCOL = 1;
}
