/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.launch.PlanEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hostile plans, under sanitizers; {@code -Dfuzz.seconds=N} for longer. */
@Timeout(36_000)
class StubFuzzTest {
  private static final int ROUNDS = 5000;

  @TempDir Path temporary;

  @Test
  void hostilePlansAreSurvived() throws IOException, InterruptedException {
    var program = CProgram.build(temporary);
    Path seed = Files.write(temporary.resolve("seed"), PlanEncoder.encode(SeedPlan.everything()));
    long end = System.nanoTime() + Long.getLong("fuzz.seconds", 0) * 1_000_000_000L;
    int first = 0;
    do {
      var told = program.run(seed.toString(), Integer.toString(first), Integer.toString(ROUNDS));
      assertThat(told).as("rounds from " + first).isEqualTo("ok\n");
      first += ROUNDS;
    } while (System.nanoTime() < end);
  }
}
