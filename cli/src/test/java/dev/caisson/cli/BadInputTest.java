/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.LocalCommands.Result;
import dev.caisson.engine.Filters;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What bad input gets: a cause and a remedy on one screen, Docker's exit code, and nothing left
 * behind. Docker's codes: 125 the engine, 126 not executable, 127 not found, 128 + signal.
 */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BadInputTest {
  private static final int SCREEN = 24;
  private static final String PARENT = "csbad" + ProcessHandle.current().pid();

  private LocalCommands local;
  private ServerSocket taken;

  @BeforeAll
  void open() throws Exception {
    local = LocalCommands.withBusybox();
    taken = new ServerSocket(0, 1, InetAddress.ofLiteral("0.0.0.0"));
    files();
    caisson("run", "-d", "--name", "taken", "--network", "none", "busybox", "sleep", "1000");
  }

  private void files() throws Exception {
    Path directory = Files.createDirectory(local.place.directory().resolve("files"));
    program(directory.resolve("arm"), header(183)); // EM_AARCH64
    program(directory.resolve("cut"), new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    program(directory.resolve("script"), "#!/no/such/shell\n".getBytes(StandardCharsets.UTF_8));
    Files.writeString(directory.resolve("plain"), "not to be executed");
    Files.writeString(directory.resolve("bad.json"), "{\"defaultAction\":");
    Files.writeString(
        directory.resolve("odd.json"), "{\"defaultAction\":\"SCMP_ACT_NO_SUCH\",\"syscalls\":[]}");
    Files.write(directory.resolve("cut.tar"), archive("/f", 100, 50));
    Files.write(directory.resolve("climb.tar"), image("../../../climbed"));
    Files.writeString(directory.resolve("noise.tar"), "this is no archive".repeat(1000));
  }

  private static void program(Path file, byte[] content) throws Exception {
    Files.write(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** The 64 bytes of an ELF file for another processor. elf(5) */
  private static byte[] header(int machine) {
    byte[] elf = new byte[64];
    byte[] begin = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    System.arraycopy(begin, 0, elf, 0, begin.length);
    elf[16] = 2;
    elf[18] = (byte) machine;
    elf[20] = 1;
    return elf;
  }

  private static byte[] archive(String name, int size, int kept) throws Exception {
    var bytes = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(bytes)) {
      entry(tar, name, new byte[size]);
    }
    return java.util.Arrays.copyOf(bytes.toByteArray(), 512 + kept);
  }

  private static void entry(TarArchiveOutputStream tar, String name, byte[] content)
      throws Exception {
    var entry = new TarArchiveEntry(name, true);
    entry.setSize(content.length);
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  /** A saved image whose one layer has one file of this name. */
  private static byte[] image(String name) throws Exception {
    var layer = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(layer)) {
      entry(tar, name, new byte[10]);
    }
    String diff = sha256(layer.toByteArray());
    byte[] config =
        """
        {"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}\
        """
            .formatted(diff)
            .getBytes(StandardCharsets.UTF_8);
    var saved = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(saved)) {
      entry(tar, "config.json", config);
      entry(tar, "layer.tar", layer.toByteArray());
      entry(
          tar,
          "manifest.json",
          "[{\"Config\":\"config.json\",\"RepoTags\":[\"hostile:1\"],\"Layers\":[\"layer.tar\"]}]"
              .getBytes(StandardCharsets.UTF_8));
    }
    return saved.toByteArray();
  }

  private static String sha256(byte[] bytes) throws Exception {
    return java.util.HexFormat.of()
        .formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @AfterAll
  void close() throws Exception {
    if (local != null) {
      taken.close();
      local.close();
      for (Path hierarchy : list(Path.of("/sys/fs/cgroup"))) {
        Files.deleteIfExists(hierarchy.resolve(PARENT).resolve("plain"));
        Files.deleteIfExists(hierarchy.resolve(PARENT));
      }
    }
  }

  private static List<Path> list(Path directory) throws Exception {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  private Result caisson(String... words) {
    return local.run(words);
  }

  /**
   * @param says what the error names, lower case
   * @param words after {@code run} and what every case has
   */
  record Case(String name, int code, String says, boolean remedy, List<String> words) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Case run(String name, int code, String says, String... words) {
    return new Case(name, code, says, true, List.of(words));
  }

  static Stream<Case> cases() {
    return Stream.of(
        run("unknown image", 125, "nosuch", "--pull=never", "nosuch"),
        run("registry that is not there", 125, "127.0.0.1:1", "127.0.0.1:1/nosuch"),
        run("digest that is none", 125, "digest", "busybox@sha256:123"),
        run("digest of no image", 125, "0000", "--pull=never", "busybox@sha256:" + "0".repeat(64)),
        run("reference that is none", 125, "reference", "--pull=never", "UPPER"),
        run("unknown flag", 125, "--nosuch", "--nosuch", "busybox"),
        run("unknown isolation", 125, "isolation", "--isolation", "bubble", "busybox"),
        run("unknown runtime", 125, "nosuchruntime", "--runtime", "nosuchruntime", "busybox"),
        run(
            "seccomp profile that is not there",
            125,
            "nosuch.json",
            "--security-opt",
            "seccomp=nosuch.json",
            "busybox"),
        run(
            "seccomp profile that is no JSON",
            125,
            "seccomp",
            "--security-opt",
            "seccomp=files/bad.json",
            "busybox"),
        run(
            "seccomp profile with an unknown action",
            125,
            "scmp_act_no_such",
            "--security-opt",
            "seccomp=files/odd.json",
            "busybox"),
        run("unknown capability", 125, "flying", "--cap-add", "FLYING", "busybox"),
        run("missing binary", 127, "nosuch", "busybox", "nosuch"),
        run("missing binary by path", 127, "/bin/nosuch", "busybox", "/bin/nosuch"),
        run("missing entry point", 127, "nosuch", "--entrypoint", "nosuch", "busybox"),
        run("a directory", 126, "/etc", "busybox", "/etc"),
        run("not executable", 126, "/files/plain", "-v", "FILES:/files", "busybox", "/files/plain"),
        run(
            "wrong architecture",
            126,
            "architecture",
            "-v",
            "FILES:/files",
            "busybox",
            "/files/arm"),
        run("a program cut off", 126, "/files/cut", "-v", "FILES:/files", "busybox", "/files/cut"),
        run(
            "interpreter that is not there",
            127,
            "interpreter",
            "-v",
            "FILES:/files",
            "busybox",
            "/files/script"),
        run("unknown user", 125, "nosuchuser", "-u", "nosuchuser", "busybox"),
        run("user beyond all numbers", 125, "4294967296", "-u", "4294967296", "busybox"),
        run("name in use", 125, "taken", "--name", "taken", "busybox"),
        run("name that is none", 125, "name", "--name", "a/b", "busybox"),
        run("port in use", 125, "port", "--network", "default", "-p", "PORT:80", "busybox"),
        run("port out of range", 125, "port", "-p", "70000:80", "busybox"),
        run("unknown network", 125, "nosuchnet", "--network", "nosuchnet", "busybox"),
        run("network of nobody", 125, "nobody", "--network", "container:nobody", "busybox"),
        run("too little memory", 125, "memory", "-m", "1m", "busybox"),
        run("swap below memory", 125, "memory", "-m", "64m", "--memory-swap", "32m", "busybox"),
        run("size that is none", 125, "lots", "-m", "lots", "busybox"),
        run("too many processors", 125, "cpus", "--cpus", "100000", "busybox"),
        run("less than no processor", 125, "cpus", "--cpus", "-1", "busybox"),
        run("processors that are not there", 125, "cpuset", "--cpuset-cpus", "9999", "busybox"),
        run("missing device", 125, "/dev/nosuch", "--device", "/dev/nosuch", "busybox"),
        run(
            "missing mount source",
            125,
            "/no/such",
            "--mount",
            "type=bind,source=/no/such,target=/x",
            "busybox"),
        run("relative mount target", 125, "absolute", "-v", "/tmp:x", "busybox"),
        run("mount over root", 125, "", "-v", "/tmp:/", "busybox"),
        run(
            "setting of the whole host",
            125,
            "kernel.panic",
            "--sysctl",
            "kernel.panic=1",
            "busybox"),
        run("unknown limit", 125, "nosuch", "--ulimit", "nosuch=1", "busybox"),
        run("missing environment file", 125, "nosuch.env", "--env-file", "nosuch.env", "busybox"),
        run("restart policy that is none", 125, "sometimes", "--restart", "sometimes", "busybox"),
        run("log driver that is none", 125, "pigeon", "--log-driver", "pigeon", "busybox"),
        run("working directory that is a file", 125, "/bin/sh", "-w", "/bin/sh", "busybox"),
        run("host name that is none", 125, "", "-h", "a".repeat(300), "busybox"));
  }

  /** Each names what is wrong, and the container runs on. */
  @Test
  void snapshotsThatCannotBeAreRefused() {
    var container = caisson("snapshot", "create", "--stop", "taken", "kept");
    assertThat(container.code()).isEqualTo(1);
    assertThat(container.err()).contains("CRIU").contains("try:").contains("--isolation thin");
    assertThat(caisson("checkpoint", "create", "taken", "kept").err()).contains("CRIU");
    assertThat(caisson("ps", "--format", "{{.Names}}").out()).contains("taken");
    assertThat(caisson("snapshot", "ls", "-q").out()).isEmpty();
    assertThat(caisson("snapshot", "create", "taken", "a/b").err()).contains("no name");
    assertThat(caisson("snapshot", "create", "nobody", "kept").err()).contains("nobody");
    var run = caisson("snapshot", "run", "--name", "clone", "nosuch");
    assertThat(run.code()).isEqualTo(125);
    assertThat(run.err()).contains("No such snapshot: nosuch");
    for (var command : List.of("rm", "inspect")) {
      var result = caisson("snapshot", command, "nosuch");
      assertThat(result.code()).isEqualTo(1);
      assertThat(result.err()).contains("No such snapshot: nosuch");
    }
    assertThat(caisson("start", "--snapshot", "nosuch", "taken").err()).contains("nosuch");
    assertThat(caisson("checkpoint", "rm", "taken", "nosuch").err()).contains("does not exist");
    assertThat(caisson("snapshot", "ls").out()).startsWith("SNAPSHOT");
    assertThat(caisson("snapshot", "prune", "-f").out()).contains("reclaimed space: 0B");
    assertThat(caisson("system", "df").out()).contains("Snapshots");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void isRefused(Case bad) throws Exception {
    var before = Leftovers.of(local.place.directory(), PARENT);
    var words = new ArrayList<>(List.of("run", "--rm", "--cgroup-parent", PARENT));
    if (!bad.words().contains("--network") && !bad.words().contains("-p")) {
      words.addAll(List.of("--network", "none"));
    }
    for (String word : bad.words()) {
      words.add(
          word.replace("FILES", local.place.directory().resolve("files").toString())
              .replace("PORT", Integer.toString(taken.getLocalPort())));
    }
    var result = caisson(words.toArray(String[]::new));
    assertThat(result.code()).as("%s", result).isEqualTo(bad.code());
    assertThat(result.out()).isEmpty();
    assertThat(result.err().toLowerCase(java.util.Locale.ROOT)).contains(bad.says());
    assertThat(result.err()).doesNotContain("internal error").doesNotContain("Exception");
    assertThat(result.err().lines().count()).isBetween(1L, (long) SCREEN);
    if (bad.remedy()) {
      assertThat(result.err()).as("a remedy").containsAnyOf("try:", "usage", "Usage");
    }
    nothingNew(before);
  }

  /** What is cleaned up in the background has a few seconds. */
  private void nothingNew(Leftovers before) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (true) {
      try {
        assertThat(Leftovers.of(local.place.directory(), PARENT)).isEqualTo(before);
        assertThat(local.engine.containers().list(true, 0, false, Filters.none())).hasSize(1);
        return;
      } catch (AssertionError stillThere) {
        if (System.nanoTime() > deadline) {
          throw stillThere;
        }
        Thread.sleep(50);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("archives")
  void badArchiveIsRefusedWhole(String archive) throws Exception {
    var images = caisson("image", "ls", "-q").out();
    var result = caisson("load", "-i", "files/" + archive);
    assertThat(result.code()).as("%s", result).isNotZero();
    assertThat(result.err()).doesNotContain("internal error").doesNotContain("Exception");
    assertThat(result.err().lines().count()).isBetween(1L, (long) SCREEN);
    assertThat(caisson("image", "ls", "-q").out()).isEqualTo(images);
    assertThat(Path.of("/climbed")).doesNotExist();
    assertThat(list(local.place.options().root().resolve("images/ingest"))).isEmpty();
    assertThat(list(local.place.options().root().resolve("rootfs/staging"))).isEmpty();
  }

  static List<String> archives() {
    return List.of("cut.tar", "climb.tar", "noise.tar", "nosuch.tar");
  }

  @Test
  void signalsEndWith128More() {
    var killed =
        caisson(
            "run",
            "--rm",
            "--cgroup-parent",
            PARENT,
            "--network",
            "none",
            "busybox",
            "sh",
            "-c",
            "sleep 100 & kill -9 $!; wait $!");
    assertThat(killed.code()).isEqualTo(137);
    caisson("run", "-d", "--name", "victim", "--network", "none", "busybox", "sleep", "1000");
    assertThat(caisson("kill", "victim").code()).isZero();
    assertThat(caisson("wait", "victim").out()).isEqualTo("137\n");
    assertThat(caisson("rm", "victim").code()).isZero();
  }

  @Test
  void whatIsNotThereIsNamed() {
    for (var command : List.of("start", "stop", "kill", "rm", "logs", "inspect", "top", "pause")) {
      var result = caisson(command, "nobody");
      assertThat(result.code()).as("%s: %s", command, result).isEqualTo(1);
      assertThat(result.err()).contains("nobody");
    }
    assertThat(caisson("exec", "taken", "nosuch").code()).isEqualTo(127);
    assertThat(caisson("exec", "taken", "/etc").code()).isEqualTo(126);
    assertThat(caisson("nosuchcommand").code()).as("as docker ends").isEqualTo(1);
  }
}
