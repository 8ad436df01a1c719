/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.state.RecordCodec;

/** An {@link EngineException} on its way. */
record Failure(EngineException.Kind kind, String message, String remedy) {
  /** What a failure of any sort is for the caller. */
  static Failure of(Throwable thrown) {
    return thrown instanceof EngineException known
        ? new Failure(known.kind(), String.valueOf(known.getMessage()), known.remedy())
        : new Failure(EngineException.Kind.INTERNAL, thrown.toString(), "");
  }

  static EngineException decode(byte[] json) {
    return RecordCodec.decode(json, Failure.class).toException();
  }

  EngineException toException() {
    return new EngineException(kind, message, remedy, null);
  }

  byte[] encode() {
    return RecordCodec.encode(this);
  }
}
