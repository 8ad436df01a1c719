/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

/** A request that is refused before any engine sees it. */
public final class HttpException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int status;

  public HttpException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** The answer's status, 400 to 599. */
  public int status() {
    return status;
  }

  public static HttpException badRequest(String message) {
    return new HttpException(400, message);
  }
}
