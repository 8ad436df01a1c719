/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import java.io.IOException;

/** Serves one method, each call on a virtual thread of its own. */
@FunctionalInterface
public interface GrpcMethod {
  /**
   * Reads what the caller sends and sends the answers; OK when it returns.
   *
   * @throws GrpcException the status that ends the call
   */
  void serve(GrpcCall call) throws IOException;

  /** One message asks, one answers. */
  interface Unary {
    byte[] answer(byte[] request) throws IOException;
  }

  static GrpcMethod unary(Unary method) {
    return call -> call.send(method.answer(call.request()));
  }
}
