/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.IOException;

/** Answers one request. Runs on a virtual thread and may block. */
@FunctionalInterface
public interface Handler {
  void handle(Exchange exchange) throws IOException;
}
