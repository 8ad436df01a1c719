/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.launch.Bytes;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Memfd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The stub as the parent that stays: log, control socket, exit record. */
@Tag("integration")
@Timeout(60)
class MonitorTest {
  /** For a workload that is to write only once somebody is attached. */
  private static final Frame GO = new Frame.Input(Bytes.of(new byte[] {'\n'}));

  @TempDir Path temporary;
  private TestRoot root;
  private Path directory;
  private Path log;

  @BeforeEach
  void makeRoot() throws IOException {
    root = new TestRoot(temporary);
    directory = Files.createDirectory(temporary.resolve("instance"));
    log = temporary.resolve("log.json");
  }

  private Launch start(LaunchPlan plan) {
    try (Fd nowhere = Memfd.create("nowhere")) {
      return Runner.start(plan, nowhere);
    }
  }

  private TestRoot.Recipe shell(String script) {
    return root.run("sh", "-c", script);
  }

  private static int pidOf(Launch launch) {
    return ((Report.Running) launch.next().orElseThrow()).pid();
  }

  private static int codeOf(Launch launch) {
    return ((Report.Exited) launch.next().orElseThrow()).code();
  }

  private static String received(MonitorClient client) {
    var output = new ByteArrayOutputStream();
    for (var frame = client.receive(); frame.isPresent(); frame = client.receive()) {
      if (frame.get() instanceof Frame.Output part) {
        output.writeBytes(part.bytes().toArray());
      }
    }
    return output.toString(StandardCharsets.UTF_8);
  }

  @Test
  void logsLinesOfBothStreamsAndWritesTheExitDown() throws IOException {
    try (Launch launch =
        start(
            shell("echo out; echo 'q\"\\\\' >&2; printf rest; exit 4")
                .watch(directory, false, log)
                .plan())) {
      pidOf(launch);
      assertThat(codeOf(launch)).isEqualTo(4);
      launch.process().await();
    }
    assertThat(Files.readAllLines(log))
        .hasSize(3)
        .anySatisfy(line ->
            assertThat(line)
                .matches(
                    "\\{\"log\":\"out\\\\n\",\"stream\":\"stdout\",\"time\":\"20[0-9T:.-]+Z\"}"))
        .anySatisfy(line -> assertThat(line).contains("q\\\"", "stderr"))
        .anySatisfy(line -> assertThat(line).contains("{\"log\":\"rest\","));
    assertThat(directory.resolve("exit"))
        .content()
        .contains("\"code\":4,\"signal\":0,\"oomKilled\":false");
    assertThat(directory.resolve(MonitorClient.SOCKET)).doesNotExist();
  }

  @Test
  void servesSeveralClientsInputAndTheEnd() {
    try (Launch launch = start(root.run("cat").watch(directory, true, log).plan())) {
      int pid = pidOf(launch);
      try (MonitorClient one = MonitorClient.connect(directory);
          MonitorClient other = MonitorClient.connect(directory)) {
        for (MonitorClient client : List.of(one, other)) {
          client.send(new Frame.Attach(true, true));
          assertThat(client.receive()).contains(new Frame.State(Frame.Phase.RUNNING, pid, 0, 0));
        }
        String text = "line\n".repeat(2000);
        one.send(new Frame.Input(Bytes.of(text.getBytes(StandardCharsets.UTF_8))));
        one.send(new Frame.EndInput());
        assertThat(received(one)).isEqualTo(text);
        assertThat(received(other)).isEqualTo(text);
      }
      assertThat(codeOf(launch)).isZero();
    }
  }

  @Test
  void socketIsOnlyForItsOwner() throws IOException {
    try (Launch launch = start(root.run("cat").watch(directory, true, log).plan())) {
      pidOf(launch);
      assertThat(Files.getPosixFilePermissions(directory.resolve(MonitorClient.SOCKET)))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      launch.process().signal(9);
    }
  }

  @Test
  void passesSignalsOnAndAnswers() {
    try (Launch launch = start(root.run("sleep", "100").watch(directory, false, log).plan());
        MonitorClient client = awaitClient(launch)) {
      client.send(new Frame.Resize(80, 25));
      assertThat(client.receive()).contains(new Frame.Answer(25)); // ENOTTY
      client.send(new Frame.Signal(9));
      assertThat(client.receive()).contains(new Frame.Answer(0));
      assertThat(client.receive()).contains(new Frame.Exited(137, 9, false));
      assertThat(client.receive()).isEmpty();
      assertThat(codeOf(launch)).isEqualTo(137);
    }
  }

  private MonitorClient awaitClient(Launch launch) {
    pidOf(launch);
    return MonitorClient.connect(directory);
  }

  @Test
  void terminalEchoesResizesAndIsTheConsole() {
    var recipe = shell("tty; stty size; read line; stty size; echo said > /dev/console; exit 3");
    recipe.watch(directory, true, log);
    recipe.before.removeLast(); // no pipes
    recipe.beforePivot("terminal", new SupervisionAction.OpenTerminal(80, 25, true));
    try (Launch launch = start(recipe.plan());
        MonitorClient client = awaitClient(launch)) {
      client.send(new Frame.Attach(true, true));
      client.send(new Frame.Resize(132, 50));
      client.send(GO);
      assertThat(received(client)).contains("50 132", "said");
      assertThat(codeOf(launch)).isEqualTo(3);
    }
    assertThat(log).content().contains("/dev/pts/0", "50 132");
  }

  @Test
  void floodAndEndlessLineStayBounded() throws IOException {
    var recipe = shell("head -c 30000000 /dev/zero; yes | head -n 200000");
    recipe.beforePivot(
        "zero", new dev.caisson.launch.FileAction.MakeDevice("/dev/zero", 'c', 1, 5, 0666, 0, 0));
    try (Launch launch = start(recipe.watch(directory, false, log).plan())) {
      pidOf(launch);
      assertThat(codeOf(launch)).isZero();
      launch.process().await();
    }
    long total = 0;
    for (String name : List.of("log.json", "log.json.1", "log.json.2")) {
      total += Files.size(temporary.resolve(name));
    }
    assertThat(total).isLessThan(3 * 400_000);
    assertThat(temporary.resolve("log.json.3")).doesNotExist();
  }

  @Test
  void monitorStaysSmall() throws IOException {
    var recipe = shell("read go; head -c 3000000 /bin/busybox; sleep 100");
    try (Launch launch = start(recipe.watch(directory, true, log).plan());
        MonitorClient client = awaitClient(launch)) {
      client.send(new Frame.Attach(true, false));
      client.send(GO);
      for (int size = 0; size < 1_000_000; ) {
        if (client.receive().orElseThrow() instanceof Frame.Output output) {
          size += output.bytes().size();
        }
      }
      long kilobytes =
          Files.readAllLines(Path.of("/proc/" + launch.process().pid() + "/status")).stream()
              .filter(line -> line.startsWith("VmRSS"))
              .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
              .findFirst()
              .orElseThrow();
      assertThat(kilobytes).isLessThan(1024);
      client.send(new Frame.Signal(9));
      received(client); // the rest: the monitor waits a while for a client that stands still
      codeOf(launch);
    }
  }

  @Test
  void clientThatNeverReadsDoesNotKeepTheWorkloadFromEnding() {
    // More than a socket's buffer, so that the monitor runs into it.
    var recipe = shell("read go; cat /bin/busybox /bin/busybox /bin/busybox; exit 6");
    try (Launch launch = start(recipe.watch(directory, true, log).plan());
        MonitorClient client = awaitClient(launch)) {
      client.send(new Frame.Attach(true, true));
      client.send(GO);
      assertThat(codeOf(launch)).isEqualTo(6);
    }
  }

  @Test
  void garbageOnTheSocketIsHungUpOn() {
    try (Launch launch = start(root.run("sleep", "100").watch(directory, false, log).plan());
        MonitorClient good = awaitClient(launch)) {
      try (MonitorClient bad = MonitorClient.connect(directory)) {
        bad.send(new Frame.Answer(0)); // not a request
        assertThat(bad.receive()).isEmpty();
      }
      good.send(new Frame.Signal(9));
      assertThat(good.receive()).contains(new Frame.Answer(0));
      assertThat(codeOf(launch)).isEqualTo(137);
    }
  }

  @Test
  void failedLaunchLeavesNoSocket() {
    try (Launch launch = start(root.run("missing").watch(directory, false, log).plan())) {
      assertThat(launch.next().orElseThrow()).isInstanceOf(Report.Failed.class);
      launch.process().await();
    }
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void createdWorkloadStartsWhenAsked() throws IOException {
    Path socket = temporary.resolve("start.sock");
    try (var listener =
        dev.caisson.linux.io.UnixListener.open(socket, dev.caisson.linux.io.SocketKind.STREAM, 1)) {
      var recipe = root.run("sh", "-c", "exit 5");
      recipe
          .watch(directory, false, log)
          .beforeExec("await start", new SupervisionAction.AwaitStart(5));
      var reports = new ArrayList<Report>();
      try (Fd nowhere = Memfd.create("nowhere");
          Launch launch = Runner.start(recipe.plan(), nowhere, listener.fd())) {
        reports.add(launch.next().orElseThrow());
        try (MonitorClient client = MonitorClient.connect(directory)) {
          client.send(new Frame.Query());
          assertThat(client.receive())
              .get()
              .extracting(f -> ((Frame.State) f).phase())
              .isEqualTo(Frame.Phase.CREATED);
        }
        try (var starter =
            dev.caisson.linux.io.UnixSocket.connect(
                socket, dev.caisson.linux.io.SocketKind.STREAM)) {
          assertThat(starter.receive(100).isEnd()).isTrue();
        }
        for (Optional<Report> next = launch.next(); next.isPresent(); next = launch.next()) {
          reports.add(next.get());
        }
      }
      assertThat(reports).hasSize(3).last().isEqualTo(new Report.Exited(5));
    }
  }
}
