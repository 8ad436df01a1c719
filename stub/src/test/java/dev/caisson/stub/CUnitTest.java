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
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Builds the stub's sources with sanitizers and a kernel that does nothing, and runs their tests.
 * {@code -Dcaisson.fuzz.rounds=N} fuzzes longer.
 */
class CUnitTest {
  private static final String ROUNDS = System.getProperty("caisson.fuzz.rounds", "5000");

  @TempDir Path temporary;

  private String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    process.waitFor(1, TimeUnit.HOURS);
    return output;
  }

  @Test
  void passesItsOwnTestsAndSurvivesHostilePlans() throws IOException, InterruptedException {
    String program = temporary.resolve("tests").toString();
    Path seed = Files.write(temporary.resolve("seed"), PlanEncoder.encode(SeedPlan.everything()));
    assertThat(run("./build.sh", "tests", program)).isEmpty();
    assertThat(run(program, seed.toString(), ROUNDS)).isEqualTo("ok\n");
  }
}
