/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Assumptions;

/**
 * An engine of a test: a process of its own, with folders of its own, whose Docker socket real
 * clients use. Closing it removes its containers and ends it.
 */
final class EngineProcess implements AutoCloseable {
  private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");
  private static final List<String> LIBRARIES =
      List.of("jetty", "jackson", "picocli", "commons-", "xz-", "zstd", "slf4j-api", "jspecify");

  private final Path folder;
  private final List<String> command;
  private Process process;

  private EngineProcess(Path folder, List<String> command) throws IOException {
    this.folder = folder;
    this.command = command;
    this.process = launched();
  }

  /** Starts one and waits for its first answer; skips the test where no containers can be. */
  static EngineProcess start(String... options) throws IOException {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "needs root: networks and cgroups");
    Path folder = Files.createTempDirectory("cd");
    return start(folder, command(folder, options));
  }

  private static EngineProcess start(Path folder, List<String> command) throws IOException {
    EngineProcess engine = new EngineProcess(folder, command);
    engine.awaitFirstAnswer();
    return engine;
  }

  /** As {@link #start}, with another most for the heap, as {@code 64m}. */
  static EngineProcess startWithHeap(String heap) throws IOException {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "needs root: networks and cgroups");
    Path folder = Files.createTempDirectory("cd");
    List<String> command = command(folder);
    command.replaceAll(word -> word.startsWith("-Xmx") ? "-Xmx" + heap : word);
    return start(folder, command);
  }

  private Process launched() throws IOException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("engine.out").toFile()))
        .start();
  }

  /** SIGKILL, at once; returns when the process is gone. */
  void kill() {
    try {
      process.destroyForcibly().waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Starts it anew with the same folders; tells how long its first answer took. */
  Duration restart() throws IOException {
    long start = System.nanoTime();
    process = launched();
    awaitFirstAnswer();
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** The words that start an engine in {@code folder}, for those who start it some other way. */
  static List<String> command(Path folder, String... options) {
    List<String> words = new ArrayList<>();
    words.addAll(
        List.of(
            JAVA.toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders",
            "-Xss512k",
            "-Xmx" + System.getProperty("engine.heap", "512m"),
            "-Djdk.virtualThreadScheduler.parallelism=8",
            "--enable-native-access=dev.caisson.linux,com.github.luben.zstd_jni",
            "--illegal-native-access=deny",
            "--module-path",
            modulePath(),
            "-m",
            "dev.caisson.cli/dev.caisson.cli.Main",
            "engine",
            "--root",
            folder.resolve("root").toString(),
            "--run",
            folder.resolve("run").toString(),
            "--docker-log",
            folder.resolve("requests").toString(),
            "--docker-bodies",
            "yes"));
    if (Arrays.stream(options).noneMatch("--docker-socket"::equals)) {
      words.addAll(List.of("--docker-socket", folder.resolve("docker.sock").toString()));
    }
    words.addAll(Arrays.asList(options));
    return words;
  }

  /**
   * Our modules, packaged or not, and what they need. Surefire hides the class path in the manifest
   * of a jar of its own.
   */
  static String modulePath() {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    return Arrays.stream(path.split(":"))
        .filter(entry -> {
          String name = Path.of(entry).getFileName().toString();
          boolean classes =
              entry.endsWith("/target/classes") && !entry.endsWith("/lab/target/classes");
          boolean ours = classes || (entry.contains("/target/") && name.endsWith(".jar"));
          return ours || name.endsWith(".jar") && LIBRARIES.stream().anyMatch(name::startsWith);
        })
        .collect(Collectors.joining(":"));
  }

  private void awaitFirstAnswer() throws IOException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < end) {
      try {
        if (http("GET /_ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").endsWith("OK")) {
          return;
        }
      } catch (IOException notYet) {
        // asked again below
      }
      if (!process.isAlive()) {
        break;
      }
      pause(50);
    }
    throw new IllegalStateException("the engine does not answer:\n" + output());
  }

  static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  Path folder() {
    return folder;
  }

  Path socket() {
    return folder.resolve("docker.sock");
  }

  String address() {
    return "unix://" + socket();
  }

  Path requests() {
    return folder.resolve("requests");
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  /** What it printed. */
  String output() {
    try {
      return Files.readString(folder.resolve("engine.out"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  SocketChannel connect() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket()));
    return channel;
  }

  /** Sends bytes and reads all that comes back until the engine closes. */
  String http(String request) throws IOException {
    try (SocketChannel channel = connect()) {
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1)));
      return new String(
          Channels.newInputStream(channel).readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** An image named {@code busybox:latest} made of this host's static busybox, by import. */
  void importBusybox() throws IOException {
    Path program = Path.of("/bin/busybox");
    Assumptions.assumeTrue(Files.isExecutable(program), "needs the package busybox-static");
    Path root = Files.createDirectories(folder.resolve("image"));
    for (String name : List.of("bin", "etc", "tmp", "dev", "proc", "sys", "root", "www")) {
      Files.createDirectories(root.resolve(name));
    }
    Files.copy(program, root.resolve("bin/busybox"));
    assertThatItRuns(root.resolve("bin/busybox"));
    for (String applet : Shell.of("/bin/busybox", "--list").run().out().split("\n")) {
      if (!applet.equals("busybox")) {
        Files.createSymbolicLink(root.resolve("bin").resolve(applet), Path.of("busybox"));
      }
    }
    Files.writeString(root.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    Files.writeString(root.resolve("etc/group"), "root:x:0:\n");
    Path tar = folder.resolve("image.tar");
    Shell.of("tar", "-C", root.toString(), "-cf", tar.toString(), ".").ok();
    byte[] content = Files.readAllBytes(tar);
    try (SocketChannel channel = connect()) {
      OutputStream out = Channels.newOutputStream(channel);
      out.write(
          ("POST /images/create?fromSrc=-&repo=busybox&tag=latest&changes=CMD%20%5B%22sh%22%5D"
                  + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: "
                  + content.length
                  + "\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      out.write(content);
      InputStream in = Channels.newInputStream(channel);
      String answer = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      if (!answer.startsWith("HTTP/1.1 200") || answer.contains("errorDetail")) {
        throw new IllegalStateException("import: " + answer);
      }
    }
  }

  private static void assertThatItRuns(Path program) {
    Shell.of(program.toString(), "true").ok();
  }

  @Override
  public void close() throws IOException {
    Shell docker = Shell.of("docker", "-H", address());
    String left = docker.with("ps", "-aq").run().out().strip();
    if (!left.isEmpty()) {
      docker.with("rm", "-f", "-v").with(left.split("\n")).run();
    }
    docker.with("network", "prune", "-f").run();
    process.destroy();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
