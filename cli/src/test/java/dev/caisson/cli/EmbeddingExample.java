/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.NetworkingSpec;

/** The program of docs/embedding.md. */
final class EmbeddingExample {
  private EmbeddingExample() {}

  // example begins
  static int greet(EngineOptions options, Appendable out) {
    try (var engine = Engine.open(options)) {
      var spec =
          InstanceSpec.of("busybox")
              .networking(NetworkingSpec.of("none"))
              .command("echo", "hello from", "a container")
              .autoRemove(true)
              .build();
      var id = engine.containers().create(spec).id();
      var exit = engine.containers().exit(id, WaitCondition.REMOVED);
      try (var streams = engine.containers().attach(id, AttachOptions.output())) {
        engine.containers().start(id);
        streams.forEach(output -> append(out, new String(output.data())));
      }
      return exit.join().code();
    }
  }

  // example ends

  private static void append(Appendable out, String text) {
    try {
      out.append(text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
