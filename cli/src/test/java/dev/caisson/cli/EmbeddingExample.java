/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.engine.spec.VolumeSpec;
import java.util.List;

/** The programs of docs/embedding.md. */
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

  // second example begins
  static String counted(Engine engine) {
    engine.volumes().create(VolumeSpec.of("notes"));
    var spec =
        InstanceSpec.of("busybox")
            .networking(NetworkingSpec.of("none"))
            .storage(StorageSpec.of(List.of(MountSpec.Volume.of("notes", "/notes", false))))
            .command("sleep", "1000")
            .build();
    var id = engine.containers().create(spec).id();
    engine.containers().start(id);
    var exec =
        engine
            .containers()
            .createExec(id, ExecSpec.of("sh", "-c", "echo noted > /notes/a; wc -c < /notes/a"));
    var answer = new StringBuilder();
    try (var streams = engine.containers().startExec(exec)) {
      streams.forEach(output -> answer.append(new String(output.data())));
    }
    engine.containers().remove(id, true, false);
    return answer.toString().strip();
  }

  // second example ends

  private static void append(Appendable out, String text) {
    try {
      out.append(text);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
