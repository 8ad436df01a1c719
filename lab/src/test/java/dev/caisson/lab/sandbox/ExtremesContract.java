/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Listable;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.ResourceLimit;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every isolation promises where little is left, or much is asked of it at once. */
interface ExtremesContract {
  Bench bench();

  /** An empty directory on the host. */
  Path directory();

  /**
   * What a start itself needs does not count against the limit, and further processes have it too.
   */
  @Test
  default void fewOpenFilesAreEnoughToStart() {
    Program program =
        Program.of("sh", "-c", "ulimit -n; sleep 1000")
            .limits(List.of(new ResourceLimit("nofile", 20, 30)))
            .build();
    Mount bind = Mount.Bind.of(directory(), "/data");
    Sandbox sandbox =
        bench().start(bench().workload("true").process(program).mounts(Mounts.of(bind)));
    assertThat(Bench.exec(sandbox, "sh", "-c", "ulimit -n; ulimit -Hn").output())
        .isEqualTo("20\n30\n");
  }

  @Test
  default void aReadOnlyRootHasTheWorkingDirectoryAsked() {
    RootFilesystem root = new RootFilesystem.Layers(bench().root().layers(), 0, true);
    var workload =
        Workload.builder(bench().workload("true").build().id(), root)
            .process(
                Program.of("sh", "-c", "pwd; touch x; echo $?").directory("/made/for/it").build());
    assertThat(bench().run(workload).output()).isEqualTo("/made/for/it\n1\n");
  }

  @Test
  default void whatStandsStillIsSeenAsItStands() {
    Sandbox sandbox = bench().start(bench().workload("sleep", "1000"));
    var pausable = sandbox.ability(Pausable.class).orElseThrow();
    pausable.pause();
    var listed = sandbox.ability(Listable.class).orElseThrow().processes(List.of());
    assertThat(listed.rows()).anySatisfy(row -> assertThat(row.getLast()).contains("sleep 1000"));
    var used = sandbox.ability(Measurable.class).orElseThrow().usage();
    assertThat(used.tasks().current()).isPositive();
    assertThat(used.memory().usage()).isPositive();
    pausable.resume();
    assertThat(Bench.exec(sandbox, "echo", "on").output()).isEqualTo("on\n");
  }

  @Test
  default void processesAreListedInTheColumnsAsked() {
    Sandbox sandbox = bench().start(bench().workload("sleep", "1000"));
    var listable = sandbox.ability(Listable.class).orElseThrow();
    var asked = listable.processes(List.of("-eo", "pid,comm,user"));
    assertThat(asked.titles()).containsExactly("PID", "COMMAND", "USER");
    assertThat(asked.rows())
        .anySatisfy(row -> assertThat(row.subList(1, 3)).containsExactly("sleep", "root"));
    assertThat(listable.processes(List.of("aux")).titles()).startsWith("USER", "PID", "%CPU");
    assertThat(listable.processes(List.of()).titles()).startsWith("UID", "PID", "PPID");
    assertThatThrownBy(() -> listable.processes(List.of("-o", "comm")))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("PID");
  }

  /** More than any table of fixed size in between is likely to have room for. */
  @Test
  default void aHundredFurtherProcessesRunAtOnce() throws Exception {
    Sandbox sandbox = bench().start(bench().workload("sleep", "1000"));
    var executable = sandbox.ability(Executable.class).orElseThrow();
    List<Executable.Session> sessions = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      sessions.add(
          executable.exec(Executable.Command.of("sh", "-c", "read -r n; exit $n").withStdin()));
    }
    for (int i = 0; i < sessions.size(); i++) {
      try (Executable.Session session = sessions.get(i)) {
        session.write(ByteBuffer.wrap((i + "\n").getBytes(StandardCharsets.US_ASCII)));
        assertThat(session.exit().orTimeout(180, TimeUnit.SECONDS).join().code()).isEqualTo(i);
      }
    }
  }

  @Test
  default void aVariableThatNoKernelTakesIsNamed() {
    Sandbox sandbox = bench().start(bench().workload("sleep", "1000"));
    var command =
        new Executable.Command(
            List.of("true"),
            Map.of("BIG", "x".repeat(140_000)),
            Optional.empty(),
            Optional.empty(),
            false,
            false,
            false);
    assertThatThrownBy(() -> Bench.exec(sandbox, command))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("BIG");
  }

  @Test
  default void whatWasNeverMadeIsDeletedAllTheSame() throws Exception {
    Workload workload = bench().workload("true").build();
    Place place = bench().place(workload.id());
    Files.delete(place.state());
    Sandbox sandbox = bench().adopt(workload, place);
    assertThatCode(sandbox::delete).doesNotThrowAnyException();
  }
}
