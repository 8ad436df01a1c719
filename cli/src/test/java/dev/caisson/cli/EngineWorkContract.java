/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.Filters;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.Output;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.ProcessSpec;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.FileChange;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** What an {@link Engine} does with real containers and their bytes, wherever it is. */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
abstract class EngineWorkContract {
  private TestPlace place;
  private Engine local;
  private Engine engine;

  /** The engine as its caller has it; {@code opened} is the one in this process. */
  abstract Engine reached(Engine opened, EngineOptions options);

  /** Undoes {@link #reached}. */
  abstract void left(Engine caller);

  @BeforeAll
  void open() throws Exception {
    place = TestPlace.make();
    local = Engine.open(place.options());
    engine = reached(local, place.options());
    var steps = new java.util.concurrent.CopyOnWriteArrayList<ProgressListener.Step>();
    engine.images().buildBase("busybox", Optional.empty(), steps::add);
  }

  @AfterEach
  void removeContainers() {
    if (engine != null) {
      for (var left : engine.containers().list(true, 0, false, Filters.none())) {
        engine.containers().remove(left.id(), true, true);
      }
    }
  }

  @AfterAll
  void close() throws Exception {
    if (engine != null) {
      left(engine);
      local.close();
    }
    if (place != null) {
      place.close();
    }
  }

  private static InstanceSpec.Builder spec(String... command) {
    return InstanceSpec.of("busybox").networking(NetworkingSpec.of("none")).command(command);
  }

  private static ProcessSpec listening(boolean tty, String command) {
    return new ProcessSpec(
        Optional.empty(),
        Optional.of(List.of(command)),
        List.of(),
        "",
        "",
        tty,
        true,
        true,
        true,
        true,
        true,
        Optional.empty());
  }

  private String started(InstanceSpec.Builder spec) {
    var id = engine.containers().create(spec.build()).id();
    engine.containers().start(id);
    return id;
  }

  private static String text(Iterable<Output> outputs, Output.Stream stream) {
    var bytes = new ByteArrayOutputStream();
    for (var output : outputs) {
      if (output.stream() == stream) {
        bytes.writeBytes(output.data());
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static List<Output> all(Attachment streams) {
    var outputs = new java.util.ArrayList<Output>();
    streams.forEach(outputs::add);
    return outputs;
  }

  @Test
  void whatIsWrittenIsReadAndSaidByteForByte() throws Exception {
    var sent = new byte[300_000];
    new java.util.Random(5).nextBytes(sent);
    var id = engine.containers().create(spec("cat").process(listening(false, "cat")).build()).id();
    var exit = engine.containers().exit(id, WaitCondition.NEXT_EXIT);
    var heard = new ByteArrayOutputStream();
    try (var streams = engine.containers().attach(id, AttachOptions.interactive())) {
      assertThat(streams.tty()).isFalse();
      engine.containers().start(id);
      var writer =
          CompletableFuture.runAsync(() -> {
            streams.write(ByteBuffer.wrap(sent));
            streams.closeInput();
          });
      streams.forEach(output -> heard.writeBytes(output.data()));
      writer.get(30, TimeUnit.SECONDS);
    }
    assertThat(heard.toByteArray()).isEqualTo(sent);
    assertThat(exit.get(30, TimeUnit.SECONDS).code()).isZero();
  }

  @Test
  void theTwoOutputsStayApart() {
    var id = engine.containers().create(spec("sh", "-c", "echo out; echo err >&2").build()).id();
    try (var streams = engine.containers().attach(id, AttachOptions.output())) {
      engine.containers().start(id);
      var outputs = all(streams);
      assertThat(text(outputs, Output.Stream.STDOUT)).isEqualTo("out\n");
      assertThat(text(outputs, Output.Stream.STDERR)).isEqualTo("err\n");
    }
    var logged = new java.util.ArrayList<String>();
    try (var logs = engine.containers().logs(id, LogOptions.everything())) {
      logs.forEach(record -> logged.add(record.stream() + " " + new String(record.data())));
    }
    assertThat(logged).containsExactlyInAnyOrder("STDOUT out\n", "STDERR err\n");
  }

  @Test
  void aTerminalHasItsSizeAndItsKeysDetach() {
    var id = started(spec("sh").process(listening(true, "sh")));
    try (var streams = engine.containers().attach(id, AttachOptions.interactive())) {
      assertThat(streams.tty()).isTrue();
      streams.resize(33, 77);
      var said = new StringBuilder();
      streams.write(ByteBuffer.wrap("stty size\n".getBytes(StandardCharsets.UTF_8)));
      while (!said.toString().contains("33 77")) {
        said.append(new String(streams.next().orElseThrow().data(), StandardCharsets.UTF_8));
      }
      assertThat(streams.detached()).isFalse();
      streams.write(ByteBuffer.wrap(new byte[] {16, 17})); // ctrl-p, ctrl-q
      assertThat(streams.detached()).isTrue();
      while (streams.next().isPresent()) {
        // what the shell had still said
      }
    }
    assertThat(engine.containers().inspect(id, false).state().running()).isTrue();
  }

  @Test
  void aCommandBesideHasItsOwnStreamsAndCode() {
    var id = started(spec("sleep", "1000"));
    var exec =
        engine.containers().createExec(id, ExecSpec.of("sh", "-c", "echo a; echo b >&2; exit 7"));
    try (var streams = engine.containers().startExec(exec)) {
      var outputs = all(streams);
      assertThat(text(outputs, Output.Stream.STDOUT)).isEqualTo("a\n");
      assertThat(text(outputs, Output.Stream.STDERR)).isEqualTo("b\n");
    }
    assertThat(engine.containers().execExit(exec)).isEqualTo(7);
    assertThat(engine.containers().inspectExec(exec).exitCode()).hasValue(7);
    assertThat(engine.containers().top(id, List.of()).processes()).hasSize(1);
  }

  @Test
  void followedLogsEndWithTheContainer() throws Exception {
    var id = started(spec("sh", "-c", "echo one; sleep 0.3; echo two"));
    var follow = new LogOptions(true, true, true, -1, Optional.empty(), Optional.empty());
    var lines = new StringBuilder();
    try (var logs = engine.containers().logs(id, follow)) {
      logs.forEach(record -> lines.append(new String(record.data())));
    }
    assertThat(lines).hasToString("one\ntwo\n");
    engine.containers().exit(id, WaitCondition.NOT_RUNNING).get(30, TimeUnit.SECONDS);
  }

  @Test
  void samplesComeUntilTheFeedIsClosed() throws Exception {
    var id = started(spec("sleep", "1000"));
    try (var samples = engine.containers().statsFeed(id)) {
      assertThat(samples.next().orElseThrow().id()).isEqualTo(id);
      assertThat(samples.next().orElseThrow().previous()).isPresent();
    }
    assertThat(engine.containers().stats(id).previous()).isEmpty();
  }

  @Test
  void filesGoInAndOut() {
    var from = started(spec("sh", "-c", "head -c 300000 /dev/urandom > /big; sleep 1000"));
    var exec = engine.containers().createExec(from, ExecSpec.of("sh", "-c", awaitSize("/big")));
    engine.containers().startExecDetached(exec);
    assertThat(engine.containers().execExit(exec)).isZero();
    var tar = new ByteArrayOutputStream();
    engine.containers().copyOut(from, "/big", tar);
    var to = engine.containers().create(spec("true").build()).id();
    engine
        .containers()
        .copyIn(
            to, "/tmp", new ByteArrayInputStream(tar.toByteArray()), new CopySpec(false, false));
    assertThat(engine.containers().stat(to, "/tmp/big").size()).isEqualTo(300_000);
    assertThat(engine.containers().changes(from))
        .contains(new FileChange(FileChange.Kind.ADDED, "/big"));
    var whole = new ByteArrayOutputStream();
    engine.containers().export(to, whole);
    assertThat(whole.size()).isGreaterThan(1_000_000);
  }

  private static String awaitSize(String file) {
    return "while [ \"$(stat -c %s " + file + ")\" != 300000 ]; do sleep 0.05; done";
  }

  @Test
  void anImageIsMadeSavedAndLoadedAgain() throws Exception {
    var id = started(spec("sh", "-c", "echo made > /made"));
    engine.containers().exit(id, WaitCondition.NOT_RUNNING).get(30, TimeUnit.SECONDS);
    var commit =
        new CommitSpec(
            Optional.of("made:1"),
            "me",
            "a message",
            true,
            List.of("CMD [\"cat\",\"/made\"]"),
            Optional.empty(),
            Optional.empty());
    var image = engine.containers().commit(id, commit);
    var archive = new ByteArrayOutputStream();
    engine.images().save(List.of("made:1"), archive);
    engine.images().remove("made:1", true, true);
    assertThatThrownBy(() -> engine.images().inspect("made:1"))
        .isInstanceOfSatisfying(
            EngineException.class,
            gone -> assertThat(gone.kind()).isEqualTo(EngineException.Kind.NOT_FOUND));
    var loaded =
        engine
            .images()
            .load(new ByteArrayInputStream(archive.toByteArray()), ProgressListener.SILENT);
    assertThat(loaded).singleElement().asString().contains("made:1");
    assertThat(engine.images().inspect("made:1").id()).isEqualTo(image);
    engine.images().remove("made:1", true, true);
  }

  @Test
  void streamsThatFailEndTheirCallAndNothingElse() {
    assertThatThrownBy(() ->
            engine
                .images()
                .load(
                    new ByteArrayInputStream("no archive".repeat(99).getBytes()),
                    ProgressListener.SILENT))
        .isInstanceOf(EngineException.class);
    var broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the disk is gone");
          }
        };
    assertThatThrownBy(() -> engine.images().load(broken, ProgressListener.SILENT))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("the disk is gone");
    var full =
        new OutputStream() {
          @Override
          public void write(int value) throws IOException {
            throw new IOException("no space left");
          }
        };
    assertThatThrownBy(() -> engine.images().save(List.of("busybox"), full))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("no space left");
    assertThat(engine.images().list(false, Filters.none())).isNotEmpty();
  }

  @Test
  void aRegistryThatIsNotThereIsUnavailable() {
    assertThatThrownBy(() ->
            engine
                .images()
                .pull(
                    "127.0.0.1:9/nothing:1",
                    Optional.empty(),
                    RegistryAuth.anonymous(),
                    ProgressListener.SILENT))
        .isInstanceOfSatisfying(
            EngineException.class,
            refused -> assertThat(refused.kind()).isEqualTo(EngineException.Kind.UNAVAILABLE));
  }

  @Test
  void aNetworkIsJoinedAndLeft() {
    var network = "work" + ProcessHandle.current().pid();
    engine.networks().create(NetworkSpec.of(network));
    try {
      var id = started(spec("sleep", "1000").networking(NetworkingSpec.of("bridge")));
      engine.networks().connect(network, id, EndpointSpec.automatic());
      assertThat(engine.networks().inspect(network).containers()).hasSize(1);
      engine.networks().disconnect(network, id, false);
      assertThat(engine.networks().inspect(network).containers()).isEmpty();
    } finally {
      engine.networks().remove(network);
    }
  }
}
