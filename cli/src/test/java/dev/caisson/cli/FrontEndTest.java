/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.Installation.Result;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The command as it is installed: the C front end, the launcher, and the engine they start. */
@Tag("integration")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FrontEndTest {
  private TestPlace place;
  private Path program;

  @BeforeEach
  void install() throws Exception {
    place = TestPlace.make();
    program = Installation.in(place.directory().resolve("prefix")).prefix().resolve("bin/caisson");
  }

  @AfterEach
  void leave() throws Exception {
    assertThat(caisson("engine", "stop").code()).isZero();
    place.close();
  }

  private Result caisson(String... words) throws Exception {
    var command = new ArrayList<>(List.of("env", "CAISSON_ROOT=" + root(), "CAISSON_RUN=" + run()));
    command.add(program.toString());
    command.addAll(List.of(words));
    return Installation.run(command, "");
  }

  private Path root() {
    return place.directory().resolve("root");
  }

  private Path run() {
    return place.directory().resolve("run");
  }

  @Test
  void anEngineIsStartedWhenOneIsNeededAndEndsWhenToldTo() throws Exception {
    assertThat(caisson("engine", "stop").err()).contains("no engine listens at " + run());
    assertThat(caisson("ps").code()).isZero();
    assertThat(caisson("engine").err())
        .contains("another engine uses " + root(), "caisson engine stop");
    assertThat(caisson("engine", "stop")).isEqualTo(new Result(0, "", ""));
    assertThat(run().resolve("caisson.sock")).doesNotExist();
    assertThat(caisson("volume", "create", "kept").out()).isEqualTo("kept\n");
  }

  @Test
  void anEngineThatListensHasAnOrdinaryShareOfTheProcessors() throws Exception {
    assertThat(caisson("ps").code()).isZero();
    var root = root().toString();
    var engine =
        ProcessHandle.allProcesses()
            .filter(process -> process.info().commandLine().orElse("").contains(root + " "))
            .filter(process -> process.info().command().orElse("").endsWith("java"))
            .findFirst()
            .orElseThrow();
    var share = Path.of("/proc", String.valueOf(engine.pid()), "autogroup");
    Assumptions.assumeTrue(Files.exists(share), "this kernel has no CONFIG_SCHED_AUTOGROUP");
    for (int i = 0; i < 300 && !Files.readString(share).endsWith("nice 0\n"); i++) {
      Thread.sleep(100); // it listens before it has done all of its start
    }
    assertThat(Files.readString(share)).endsWith("nice 0\n");
  }

  @Test
  void bashCompletesWhatThereIs() throws Exception {
    assertThat(caisson("volume", "create", "first:one").code()).isNotZero();
    assertThat(caisson("volume", "create", "backups").code()).isZero();
    assertThat(completed("caisson volume ")).contains("create", "prune");
    assertThat(completed("caisson volume rm b")).containsExactly("backups");
    assertThat(completed("caisson run --isol")).containsExactly("--isolation");
    assertThat(completed("caisson run -v x:")).isEmpty();
  }

  /** What bash's own machinery would put behind the line. */
  private List<String> completed(String line) throws Exception {
    var script =
        """
        caisson() { %s "$@"; }
        source <(caisson completion bash)
        COMP_LINE='%s' COMP_POINT=${#COMP_LINE}
        _caisson 2>/dev/null # compopt wants a completion under way
        printf '%%s\\n' "${COMPREPLY[@]}"
        """
            .formatted(program, line);
    var result =
        Installation.run(
            List.of("env", "CAISSON_ROOT=" + root(), "CAISSON_RUN=" + run(), "bash", "-c", script),
            "");
    assertThat(result.code()).as("%s", result).isZero();
    return result.out().lines().filter(text -> !text.isEmpty()).toList();
  }
}
