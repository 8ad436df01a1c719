/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

/** A call that ends with another status than OK. Source: gRPC, "Status codes". */
public final class GrpcException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Code code;

  public GrpcException(Code code, String message) {
    super(message);
    this.code = code;
  }

  public Code code() {
    return code;
  }

  /** What the other side can make of it; numbered by position. */
  public enum Code {
    OK,
    CANCELLED,
    UNKNOWN,
    INVALID_ARGUMENT,
    DEADLINE_EXCEEDED,
    NOT_FOUND,
    ALREADY_EXISTS,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    FAILED_PRECONDITION,
    ABORTED,
    OUT_OF_RANGE,
    UNIMPLEMENTED,
    INTERNAL,
    UNAVAILABLE,
    DATA_LOSS,
    UNAUTHENTICATED;

    static Code of(String number) {
      try {
        int index = Integer.parseInt(number);
        return index >= 0 && index < values().length ? values()[index] : UNKNOWN;
      } catch (NumberFormatException malformed) {
        return UNKNOWN;
      }
    }
  }
}
