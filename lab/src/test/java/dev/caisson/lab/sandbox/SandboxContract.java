/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.lab.sandbox.Bench.Outcome;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxException.Kind;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Copyable;
import dev.caisson.sandbox.ability.Diffable;
import dev.caisson.sandbox.ability.Executable.Command;
import dev.caisson.sandbox.ability.Logged;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.ability.Updatable;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.User;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What every isolation promises of its sandboxes, whatever their wall is made of. */
public interface SandboxContract {
  Bench bench();

  /** An empty directory on the host. */
  Path directory();

  @Test
  default void theExitCodeIsTheProgramsOwn() {
    assertThat(bench().sh("exit 7").code()).isEqualTo(7);
    assertThat(bench().run("true").code()).isZero();
  }

  @Test
  default void aProgramKilledBySignalExitsWith128More() {
    assertThat(bench().sh("kill -TERM $$").code()).isIn(143, 0, 1);
    Sandbox sandbox = bench().start(bench().workload("sleep", "100"));
    sandbox.signal(9);
    assertThat(Bench.await(sandbox).code()).isEqualTo(137);
    assertThat(sandbox.state()).isEqualTo(SandboxState.EXITED);
  }

  @Test
  default void bothStreamsArriveApart() {
    Outcome outcome = bench().sh("echo out; echo err >&2");
    assertThat(outcome.output()).isEqualTo("out\n");
    assertThat(outcome.errors()).isEqualTo("err\n");
  }

  @Test
  default void aMissingCommandIsNotFound() {
    assertThatThrownBy(() -> bench().run("no-such-command"))
        .isInstanceOfSatisfying(
            SandboxException.class,
            failure -> {
              assertThat(failure.kind()).isEqualTo(Kind.NOT_FOUND);
              assertThat(failure.kind().exitCode()).isEqualTo(127);
              assertThat(failure).hasMessageContaining("no-such-command");
            });
  }

  @Test
  default void aFileThatIsNoProgramIsNotExecutable() {
    assertThatThrownBy(() -> bench().run("/bin/text"))
        .isInstanceOfSatisfying(
            SandboxException.class,
            failure -> assertThat(failure.kind()).isEqualTo(Kind.NOT_EXECUTABLE));
  }

  @Test
  default void theEnvironmentIsPassedExactly() {
    Program program =
        Program.of("sh", "-c", "echo \"[$A][$HOME][$HOSTNAME]\"")
            .environment(Map.of("PATH", "/bin", "A", "one\n two  "))
            .build();
    Outcome outcome = bench().run(bench().workload("true").process(program).hostname("box"));
    assertThat(outcome.output()).isEqualTo("[one\n two  ][/root][box]\n");
  }

  @Test
  default void usersAndGroupsComeFromTheImage() {
    Program program = Program.of("id").user(User.parse("web")).build();
    assertThat(bench().run(bench().workload("true").process(program)).output())
        .contains("uid=33(web) gid=44(web)")
        .contains("26(tape)");
  }

  @Test
  default void unknownAndWrappingUsersAreRefused() {
    for (String name : List.of("nobody-here", "wraps")) {
      Program program = Program.of("id").user(User.parse(name)).build();
      assertThatThrownBy(() -> bench().run(bench().workload("true").process(program)))
          .isInstanceOfSatisfying(
              SandboxException.class,
              failure -> assertThat(failure.kind()).isEqualTo(Kind.INVALID));
    }
  }

  @Test
  default void theWorkingDirectoryIsMadeIfMissing() {
    Program program = Program.of("pwd").directory("/made/for/it").build();
    assertThat(bench().run(bench().workload("true").process(program)).output())
        .isEqualTo("/made/for/it\n");
  }

  @Test
  default void aReadOnlyRootTakesNoWrites() {
    RootFilesystem root = new RootFilesystem.Layers(bench().root().layers(), 0, true);
    var workload =
        dev.caisson.sandbox.workload.Workload.builder(bench().workload("true").build().id(), root)
            .process(Program.of("sh", "-c", "echo x > /file; echo $?; mount | grep ' / '").build());
    assertThat(bench().run(workload).output()).startsWith("1\n").contains("(ro");
  }

  @Test
  default void bindsAreReadAndWritten() throws Exception {
    Path file = Files.writeString(directory().resolve("in"), "from the host");
    Mount bind = Mount.Bind.of(directory(), "/data");
    Outcome outcome =
        bench()
            .run(
                bench()
                    .workload("sh", "-c", "cat /data/in; echo from inside > /data/out")
                    .mounts(Mounts.of(bind)));
    assertThat(outcome.output()).isEqualTo(Files.readString(file));
    assertThat(directory().resolve("out")).hasContent("from inside");
  }

  @Test
  default void readOnlyBindsTakeNoWrites() {
    Mount bind = Mount.Bind.of(directory(), "/data").asReadOnly();
    Outcome outcome = bench().run(bench().workload("touch", "/data/x").mounts(Mounts.of(bind)));
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(directory()).isEmptyDirectory();
  }

  @Test
  default void anEmptyVolumeIsFilledFromTheImage() {
    Mount volume = Mount.Volume.of("v", directory(), "/etc");
    bench().run(bench().workload("true").mounts(Mounts.of(volume)));
    assertThat(directory().resolve("motd")).hasContent("from the image\n");
  }

  @Test
  default void temporaryFilesHaveTheirSizeAndAreGoneAfterwards() {
    Mount tmpfs =
        new Mount.Tmpfs("/scratch", 1 << 20, java.util.OptionalInt.of(01777), false, false);
    Outcome outcome =
        bench()
            .run(
                bench()
                    .workload(
                        "sh", "-c", "dd if=/dev/zero of=/scratch/f bs=64k count=32; du /scratch")
                    .mounts(Mounts.of(tmpfs)));
    assertThat(outcome.errors()).contains("No space left");
    assertThat(outcome.output()).startsWith("1024");
  }

  /** A client that has said all it has to say does not wait for a machine to boot. */
  @Test
  default void inputBeforeTheStartWaitsForTheProgram() throws Exception {
    Program program = Program.of("cat").stdin(true).build();
    Sandbox sandbox = bench().create(bench().workload("true").process(program));
    try (Attachment attachment = sandbox.ability(Attachable.class).orElseThrow().attach()) {
      var written = new CountDownLatch(1);
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  written.countDown();
                  attachment.write(ByteBuffer.wrap("early".getBytes(StandardCharsets.UTF_8)));
                  attachment.closeInput();
                } catch (java.io.IOException failed) {
                  throw new java.io.UncheckedIOException(failed);
                }
              });
      written.await();
      sandbox.start();
      Outcome outcome = Bench.collect(attachment, sandbox);
      writer.join();
      assertThat(outcome.output()).isEqualTo("early");
    }
  }

  @Test
  default void inputReachesTheProgramAndEnds() throws Exception {
    Program program = Program.of("cat").stdin(true).build();
    Sandbox sandbox = bench().create(bench().workload("true").process(program));
    try (Attachment attachment = sandbox.ability(Attachable.class).orElseThrow().attach()) {
      sandbox.start();
      byte[] text = "twice the same ".repeat(10_000).getBytes(StandardCharsets.UTF_8);
      Thread writer =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  attachment.write(ByteBuffer.wrap(text));
                  attachment.closeInput();
                } catch (java.io.IOException failed) {
                  throw new java.io.UncheckedIOException(failed);
                }
              });
      Outcome outcome = Bench.collect(attachment, sandbox);
      writer.join();
      assertThat(outcome.output()).hasSize(text.length).startsWith("twice");
    }
  }

  @Test
  default void aTerminalIsOneAndHasTheSizeAsked() {
    Program program =
        Program.of("sh", "-c", "tty; stty size")
            .terminal(true)
            .size(new Program.TerminalSize(33, 111))
            .build();
    assertThat(bench().run(bench().workload("true").process(program)).output())
        .contains("/dev/pts/0")
        .contains("33 111");
  }

  @Test
  default void furtherProcessesShareTheSandbox() {
    Sandbox sandbox = bench().start(bench().workload("sleep", "100"));
    assertThat(Bench.exec(sandbox, "sh", "-c", "echo $HOSTNAME; exit 3"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(3))
        .satisfies(outcome ->
            assertThat(outcome.output()).isEqualTo(sandbox.workload().hostname() + "\n"));
    assertThat(Bench.exec(sandbox, "ps").output()).contains("sleep 100");
    Command as =
        Command.of("sh", "-c", "id -u; pwd; echo $X")
            .withUser("web")
            .withDirectory("/tmp")
            .withEnvironment(Map.of("X", "y"));
    assertThat(Bench.exec(sandbox, as).output()).isEqualTo("33\n/tmp\ny\n");
    assertThatThrownBy(() -> Bench.exec(sandbox, "nope"))
        .isInstanceOfSatisfying(
            SandboxException.class, f -> assertThat(f.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  default void aFurtherProcessCanHaveATerminal() {
    Sandbox sandbox = bench().start(bench().workload("sleep", "100"));
    assertThat(Bench.exec(sandbox, Command.of("tty").withTerminal()).output())
        .contains("/dev/pts/");
  }

  @Test
  default void memoryBeyondTheLimitIsKilledAndSaidSo() {
    Outcome outcome =
        bench()
            .run(
                bench()
                    .workload("sh", "-c", "exec tail -c 200m /dev/zero")
                    .resources(Resources.UNLIMITED.withMemory(Resources.Memory.limit(32 << 20))));
    assertThat(outcome.code()).isEqualTo(137);
    assertThat(outcome.exit().outOfMemory()).isTrue();
  }

  @Test
  default void theProcessorsAreThoseChosen() {
    var limited = bench().workload("nproc").resources(Resources.UNLIMITED.withCpu(processors("0")));
    assertThat(bench().run(limited).output()).isEqualTo("1\n");
  }

  @Test
  default void limitsChangeWhileItRuns() {
    var first =
        Resources.UNLIMITED.withMemory(Resources.Memory.limit(64 << 20)).withCpu(processors("0"));
    Sandbox sandbox = bench().start(bench().workload("sleep", "100").resources(first));
    Updatable limits = sandbox.ability(Updatable.class).orElseThrow();
    limits.update(Resources.UNLIMITED.withMemory(Resources.Memory.limit(48 << 20)));
    limits.update(Resources.UNLIMITED.withCpu(processors("0")));
    Measurable measured = sandbox.ability(Measurable.class).orElseThrow();
    assertThat(measured.usage().memory().limit()).isEqualTo(48 << 20);
    assertThatThrownBy(() -> limits.update(Resources.UNLIMITED.withCpu(processors("4095"))))
        .isInstanceOf(SandboxException.class);
    assertThat(Bench.exec(sandbox, "echo", "on").output()).isEqualTo("on\n");
  }

  private static Resources.Cpu processors(String list) {
    var none = OptionalLong.empty();
    return new Resources.Cpu(none, none, none, none, none, Optional.of(list), Optional.empty());
  }

  @Test
  default void pausedProcessesStandStill() throws Exception {
    Sandbox sandbox =
        bench()
            .start(bench().workload("sh", "-c", "while true; do echo x >> /n; sleep 0.01; done"));
    Pausable pausable = sandbox.ability(Pausable.class).orElseThrow();
    Copyable files = sandbox.ability(Copyable.class).orElseThrow();
    awaitGrowth(files, "/n", 0);
    pausable.pause();
    assertThat(sandbox.state()).isEqualTo(SandboxState.PAUSED);
    Thread.sleep(200); // a write that was under way may still end
    long before = size(files, "/n");
    Thread.sleep(200);
    assertThat(size(files, "/n")).isEqualTo(before);
    pausable.resume();
    awaitGrowth(files, "/n", before);
    pausable.pause();
    sandbox.signal(9);
    assertThat(Bench.await(sandbox).code()).isEqualTo(137);
  }

  private static void awaitGrowth(Copyable files, String path, long from) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (size(files, path) <= from) {
      assertThat(System.nanoTime()).as(path + " grows").isLessThan(deadline);
      Thread.sleep(20);
    }
  }

  private static long size(Copyable files, String path) {
    try {
      return files.facts(path).size();
    } catch (SandboxException notYet) {
      return 0;
    }
  }

  @Test
  default void useIsMeasured() {
    Sandbox sandbox =
        bench()
            .start(
                bench()
                    .workload(
                        "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; sleep 100"));
    Bench.exec(sandbox, "sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
    Measurable.Usage usage = sandbox.ability(Measurable.class).orElseThrow().usage();
    assertThat(usage.cpu().total()).isPositive();
    assertThat(usage.memory().usage()).isPositive();
    assertThat(usage.tasks().current()).isPositive();
  }

  @Test
  default void changesAreTold() {
    Sandbox sandbox =
        bench()
            .start(
                bench().workload("sh", "-c", "echo x > /new; rm /etc/motd; echo y >> /etc/group"));
    Bench.await(sandbox);
    assertThat(sandbox.ability(Diffable.class).orElseThrow().changes())
        .contains(
            new Diffable.Change(Diffable.ChangeKind.ADDED, "/new"),
            new Diffable.Change(Diffable.ChangeKind.DELETED, "/etc/motd"),
            new Diffable.Change(Diffable.ChangeKind.MODIFIED, "/etc/group"),
            new Diffable.Change(Diffable.ChangeKind.MODIFIED, "/etc"));
  }

  @Test
  default void whatWasNeverStartedHasNoChanges() {
    Sandbox sandbox = bench().create(bench().workload("true"));
    Diffable changes = sandbox.ability(Diffable.class).orElseThrow();
    assertThat(changes.changes()).isEmpty();
    sandbox.delete();
  }

  @Test
  default void filesAreCopiedOutAndIn() throws Exception {
    Sandbox sandbox = bench().start(bench().workload("sleep", "100"));
    Copyable files = sandbox.ability(Copyable.class).orElseThrow();
    var tar = new ByteArrayOutputStream();
    files.copyOut("/etc/motd", tar);
    files.copyIn(
        "/tmp", new ByteArrayInputStream(tar.toByteArray()), new Copyable.CopyOptions(false, true));
    assertThat(Bench.exec(sandbox, "cat", "/tmp/motd").output()).isEqualTo("from the image\n");
    assertThat(files.facts("/etc/motd").size()).isEqualTo(15);
    assertThatThrownBy(() -> files.facts("/nowhere"))
        .isInstanceOfSatisfying(
            SandboxException.class, f -> assertThat(f.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  default void theLogKeepsWhatWasWritten() throws Exception {
    Sandbox sandbox =
        bench().start(bench().workload("sh", "-c", "echo one; echo two >&2; echo three"));
    Bench.await(sandbox);
    var lines = new ArrayList<String>();
    try (Logged.Entries entries =
        sandbox.ability(Logged.class).orElseThrow().logs(Logged.Range.ALL)) {
      for (var entry = entries.next(); entry.isPresent(); entry = entries.next()) {
        lines.add(
            entry.get().stream()
                + " "
                + StandardCharsets.UTF_8.decode(entry.get().bytes()).toString().strip());
      }
    }
    assertThat(lines).containsExactlyInAnyOrder("STDOUT one", "STDERR two", "STDOUT three");
  }

  @Test
  default void anEndedSandboxIsAdoptedWithItsExit() {
    Sandbox sandbox = bench().start(bench().workload("sh", "-c", "exit 9"));
    Bench.await(sandbox);
    Sandbox adopted = bench().adopt(sandbox);
    assertThat(adopted.state()).isEqualTo(SandboxState.EXITED);
    assertThat(Bench.await(adopted).code()).isEqualTo(9);
  }

  @Test
  default void writtenFilesSurviveToTheNextRunInThePlace() {
    Sandbox first = bench().start(bench().workload("sh", "-c", "echo kept > /file"));
    Bench.await(first);
    var again = first.workload().toBuilder().process(Program.of("cat", "/file").build());
    assertThat(bench().run(again).output()).isEqualTo("kept\n");
  }

  @Test
  default void deletingARunningSandboxEndsIt() {
    Sandbox sandbox = bench().start(bench().workload("sleep", "100"));
    OptionalInt pid = sandbox.pid();
    String id = sandbox.workload().id();
    sandbox.delete();
    if (pid.isPresent()) {
      assertThat(ProcessHandle.of(pid.getAsInt())).isEmpty();
    } else { // a machine in this process
      assertThat(Thread.getAllStackTraces().keySet())
          .noneMatch(thread -> thread.getName().contains(id + " vCPU"));
    }
    sandbox.delete();
  }
}
