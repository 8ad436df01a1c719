/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.engine.Engine;
import dev.caisson.engine.ProgressListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class EmbeddingTest {
  @Test
  void theDocumentShowsTheProgramThatRuns() throws Exception {
    var source = Files.readString(Path.of("src/test/java/dev/caisson/cli/EmbeddingExample.java"));
    var page = Files.readString(Path.of("../docs/embedding.md"));
    assertThat(page).contains(shown(source, "// example"), shown(source, "// second example"));
  }

  private static String shown(String source, String name) {
    return source
        .substring(
            source.indexOf(name + " begins") + name.length() + " begins".length(),
            source.indexOf("  " + name + " ends"))
        .stripTrailing()
        .stripIndent()
        .strip();
  }

  @Test
  @Tag("integration")
  void aFurtherProgramRunsInAContainerWithAVolume() throws Exception {
    try (var place = TestPlace.make();
        var engine = Engine.open(place.options())) {
      engine.images().buildBase("busybox", Optional.empty(), ProgressListener.SILENT);
      assertThat(EmbeddingExample.counted(engine)).isEqualTo("6");
    }
  }

  @Test
  @Tag("integration")
  void theProgramRunsAContainer() throws Exception {
    try (var place = TestPlace.make()) {
      try (var engine = Engine.open(place.options())) {
        engine.images().buildBase("busybox", Optional.empty(), ProgressListener.SILENT);
      }
      var out = new StringBuilder();
      assertThat(EmbeddingExample.greet(place.options(), out)).isZero();
      assertThat(out).hasToString("hello from a container\n");
    }
  }
}
