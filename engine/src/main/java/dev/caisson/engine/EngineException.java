/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import org.jspecify.annotations.Nullable;

/**
 * Why the engine refused or failed. The message names subject and reason in one line; {@link
 * #remedy} says what to do about it.
 */
public class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What callers decide by: the exit status of a command, the status of an HTTP answer. */
  public enum Kind {
    /** What was named is not there. */
    NOT_FOUND(125, 404),
    /** Not in the state it is in, or the name is taken. */
    CONFLICT(125, 409),
    /** What was asked for makes no sense. */
    INVALID(125, 400),
    /** It is so already. */
    NOT_MODIFIED(0, 304),
    /** A registry wants other credentials. */
    UNAUTHORIZED(125, 401),
    /** Never, whatever the state. */
    FORBIDDEN(125, 403),
    /** Not on this host, or not now. */
    UNAVAILABLE(125, 503),
    /** Nothing here can do that. */
    UNSUPPORTED(125, 501),
    /** The command is there and is no program. */
    NOT_EXECUTABLE(126, 400),
    /** The command is not in the image. */
    COMMAND_NOT_FOUND(127, 400),
    /** Reading or writing failed; the message says where. */
    IO(125, 500),
    /** A mistake of ours. */
    INTERNAL(125, 500);

    private final int exitCode;
    private final int httpStatus;

    Kind(int exitCode, int httpStatus) {
      this.exitCode = exitCode;
      this.httpStatus = httpStatus;
    }

    /** Of {@code caisson run}, as docker has it; other commands end with 1. */
    public int exitCode() {
      return exitCode;
    }

    /** Of an answer over HTTP, as dockerd has it. */
    public int httpStatus() {
      return httpStatus;
    }
  }

  private final Kind kind;
  private final String remedy;

  public EngineException(Kind kind, String message, String remedy, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.remedy = remedy;
  }

  public EngineException(Kind kind, String message) {
    this(kind, message, "", null);
  }

  /** What to decide by. */
  public Kind kind() {
    return kind;
  }

  /** What the user can do, as an imperative; empty when nothing is known to help. */
  public String remedy() {
    return remedy;
  }

  public static EngineException notFound(String message) {
    return new EngineException(Kind.NOT_FOUND, message);
  }

  public static EngineException conflict(String message, String remedy) {
    return new EngineException(Kind.CONFLICT, message, remedy, null);
  }

  public static EngineException invalid(String message, String remedy) {
    return new EngineException(Kind.INVALID, message, remedy, null);
  }

  public static EngineException notModified(String message) {
    return new EngineException(Kind.NOT_MODIFIED, message);
  }

  public static EngineException unsupported(String message, String remedy) {
    return new EngineException(Kind.UNSUPPORTED, message, remedy, null);
  }

  public static EngineException io(String message, Throwable cause) {
    return new EngineException(Kind.IO, message, "", cause);
  }
}
