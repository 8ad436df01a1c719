/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The life of a container as OCI runtimes have it, on a bundle with busybox. */
@Tag("integration")
@Timeout(120)
class LifecycleTest {
  private static final Path BUSYBOX = Path.of("/bin/busybox");

  /** Mount options of runc that this runtime does not know. */
  private static final List<String> NOT_OFFERED =
      List.of(
          "acl",
          "noacl",
          "dirsync",
          "iversion",
          "noiversion",
          "lazytime",
          "nolazytime",
          "loud",
          "silent",
          "mand",
          "nomand",
          "norelatime",
          "nostrictatime",
          "remount",
          "sync",
          "symfollow",
          "ratime",
          "rdiratime",
          "rnoatime",
          "rnodiratime",
          "rnorelatime",
          "rnostrictatime",
          "rnosymfollow",
          "rrelatime",
          "rstrictatime",
          "rsymfollow",
          "rdev",
          "rexec",
          "rrw",
          "rsuid");

  @TempDir Path temporary;
  private final String id = "test-" + UUID.randomUUID();
  private Path bundle;
  private Lifecycle lifecycle;
  private ObjectNode config;

  @BeforeEach
  void makeBundle() throws IOException {
    assumeTrue(Files.isExecutable(BUSYBOX), "needs the package busybox-static");
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    bundle = Files.createDirectory(temporary.resolve("bundle"));
    for (String directory : List.of("bin", "proc", "dev", "sys")) {
      Files.createDirectories(bundle.resolve("rootfs").resolve(directory));
    }
    Files.copy(BUSYBOX, bundle.resolve("rootfs/bin/busybox"));
    Files.createSymbolicLink(bundle.resolve("rootfs/bin/sh"), Path.of("busybox"));
    Files.createSymbolicLink(bundle.resolve("rootfs/bin/sleep"), Path.of("busybox"));
    lifecycle = new Lifecycle(temporary.resolve("state"));
    config = (ObjectNode) Document.MAPPER.readTree(Features.specification());
    ((ObjectNode) config.path("process")).put("terminal", false);
  }

  private Lifecycle.Request request(String... command) throws IOException {
    ArrayNode words = ((ObjectNode) config.path("process")).putArray("args");
    List.of(command).forEach(words::add);
    Files.writeString(bundle.resolve("config.json"), config.toString());
    return new Lifecycle.Request(
        bundle, Optional.of(temporary.resolve("pid")), Optional.empty(), false);
  }

  @Test
  void runAnswersTheExitCodeAndLeavesNothing() throws IOException {
    assertThat(lifecycle.run(id, request("sh", "-c", "exit 7"), false)).isEqualTo(7);
    assertThat(temporary.resolve("state").resolve(id)).doesNotExist();
  }

  @Test
  void createsStartsExecutesKillsAndDeletes() throws IOException {
    lifecycle.create(id, request("sleep", "100"));
    try {
      assertThat(lifecycle.state(id)).contains("\"created\"");
      assertThat(temporary.resolve("pid")).isNotEmptyFile();
      lifecycle.start(id);
      assertThat(lifecycle.state(id)).contains("\"running\"");
      assertThat(lifecycle.pids(id)).hasSize(1);
      var process = (ObjectNode) config.path("process").deepCopy();
      process.putArray("args").add("sh").add("-c").add("exit 3");
      assertThat(
              lifecycle.exec(
                  id,
                  process,
                  new FurtherProcess.Manner(Optional.empty(), Optional.empty(), false)))
          .isEqualTo(3);
      assertThatThrownBy(() -> lifecycle.delete(id, false)).hasMessageContaining("is running");
      assertThatThrownBy(() -> lifecycle.start(id)).hasMessageContaining("only a created one");
    } finally {
      lifecycle.delete(id, true);
    }
    assertThatThrownBy(() -> lifecycle.state(id)).hasMessageContaining("does not exist");
  }

  @Test
  void failuresNameTheirStepAndLeaveNothing() throws IOException {
    assertThatThrownBy(() -> lifecycle.run(id, request("missing"), false))
        .isInstanceOf(OciException.class)
        .hasMessageContaining("no such file or directory");
    assertThat(temporary.resolve("state").resolve(id)).doesNotExist();
    Files.writeString(bundle.resolve("rootfs/bin/plain"), "not to be executed");
    assertThatThrownBy(() -> lifecycle.run(id, request("plain"), false))
        .hasMessageContaining("execute")
        .hasMessageContaining("EACCES, permission denied");
    assertThat(temporary.resolve("state").resolve(id)).doesNotExist();
  }

  @Test
  void limitsAreSetChangedAndMeasured() throws IOException {
    Path memory = Path.of("/sys/fs/cgroup/memory");
    assumeTrue(Files.isDirectory(memory), "looks at files of cgroup v1; lab cgroup2 has v2's");
    String parent = "caisson-test-" + id;
    var limits =
        Document.MAPPER.readTree(
            """
            {"memory":{"limit":67108864,"swap":134217728,"reservation":33554432,"swappiness":18446744073709551615},
             "cpu":{"shares":512,"quota":50000,"period":100000,"cpus":"0","mems":"0"},
             "pids":{"limit":50},
             "devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":10,"minor":200,"access":"rw"}]}\
            """);
    ((ObjectNode) config.path("linux")).set("resources", limits);
    ((ObjectNode) config.path("linux")).put("cgroupsPath", "/" + parent + "/" + id);
    lifecycle.create(id, request("sleep", "100"));
    try {
      assertThat(limit(memory, parent, "memory.limit_in_bytes")).isEqualTo("67108864");
      assertThat(limit(memory, parent, "memory.memsw.limit_in_bytes")).isEqualTo("134217728");
      assertThat(limit(memory, parent, "memory.soft_limit_in_bytes")).isEqualTo("33554432");
      Path groups = memory.resolveSibling("cpu");
      assertThat(limit(groups, parent, "cpu.shares")).isEqualTo("512");
      assertThat(limit(groups, parent, "cpu.cfs_quota_us")).isEqualTo("50000");
      assertThat(limit(memory.resolveSibling("cpuset"), parent, "cpuset.cpus")).isEqualTo("0");
      assertThat(limit(memory.resolveSibling("pids"), parent, "pids.max")).isEqualTo("50");
      assertThat(limit(memory.resolveSibling("devices"), parent, "devices.list"))
          .contains("c 10:200 rw")
          .contains("c 1:3 rwm");
      lifecycle.start(id);
      lifecycle.update(
          id,
          Update.of(
              Arguments.parse(
                  List.of(
                      "update",
                      "--memory",
                      "100663296",
                      "--memory-swap=201326592",
                      "--pids-limit",
                      "60",
                      id))));
      assertThat(limit(memory, parent, "memory.limit_in_bytes")).isEqualTo("100663296");
      assertThat(limit(memory.resolveSibling("pids"), parent, "pids.max")).isEqualTo("60");
      assertThat(limit(groups, parent, "cpu.shares")).as("not named").isEqualTo("512");
      var out = new ByteArrayOutputStream();
      var group = ConfigCgroup.of(id, config).orElseThrow();
      new Events(id, group, new PrintStream(out, true, StandardCharsets.UTF_8)).stats();
      var stats = Document.MAPPER.readTree(out.toString(StandardCharsets.UTF_8));
      assertThat(stats.path("type").asString("")).isEqualTo("stats");
      assertThat(stats.at("/data/pids/limit").asInt()).isEqualTo(60);
      assertThat(stats.at("/data/memory/usage/limit").asLong()).isEqualTo(100_663_296);
      assertThat(stats.at("/data/cpu/usage/total").asLong()).isPositive();
    } finally {
      lifecycle.delete(id, true);
      for (String hierarchy :
          List.of("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids")) {
        Files.deleteIfExists(memory.resolveSibling(hierarchy).resolve(parent).resolve("plain"));
        Files.deleteIfExists(memory.resolveSibling(hierarchy).resolve(parent));
      }
    }
  }

  private String limit(Path hierarchy, String parent, String file) throws IOException {
    return Files.readString(hierarchy.resolve(parent).resolve(id).resolve(file)).strip();
  }

  /** runtime-spec 1.2, config-linux.md, "Cgroups Path" */
  @Test
  void anAbsoluteGroupIsRelativeToTheMount() throws IOException {
    Path pids = Path.of("/sys/fs/cgroup/pids");
    assumeTrue(Files.isDirectory(pids), "looks at files of cgroup v1");
    ((ObjectNode) config.path("linux")).put("cgroupsPath", "/" + id);
    lifecycle.create(id, request("sleep", "100"));
    try {
      assertThat(Files.readAllLines(pids.resolve(id).resolve("cgroup.procs"))).hasSize(1);
    } finally {
      lifecycle.delete(id, true);
    }
    assertThat(pids.resolve(id)).doesNotExist();
  }

  @Test
  void whatCannotBeDoneIsSaid() throws IOException {
    lifecycle.create(id, request("sleep", "100"));
    try {
      assertThatThrownBy(() -> lifecycle.create(id, request("sleep", "1")))
          .hasMessageContaining("exists already");
      assertThatThrownBy(() -> Update.of(Arguments.parse(List.of("update", id))))
          .hasMessageContaining("no limit is named");
      assertThatThrownBy(
              () -> Update.of(Arguments.parse(List.of("update", "--memory", "lots", id))))
          .hasMessageContaining("lots");
    } finally {
      lifecycle.delete(id, true);
    }
    lifecycle.delete(id, true); // as with runc, forced twice is no error
    assertThatThrownBy(() -> lifecycle.kill(id, 15, false)).hasMessageContaining("does not exist");
  }

  @Test
  void featuresAreThoseOfThePeerOrSaidToBeMissing() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/sbin/runc")), "needs the package runc");
    Process runc = new ProcessBuilder("/usr/sbin/runc", "features").start();
    var theirs = Document.MAPPER.readTree(runc.getInputStream().readAllBytes());
    var ours = Document.MAPPER.readTree(Features.json());
    assertThat(ours.path("linux").propertyNames())
        .containsAll(theirs.path("linux").propertyNames());
    assertThat(Document.texts(ours.at("/linux/namespaces")))
        .containsAll(Document.texts(theirs.at("/linux/namespaces")));
    assertThat(Document.texts(ours.at("/linux/capabilities")))
        .containsAll(Document.texts(theirs.at("/linux/capabilities")));
    assertThat(Document.texts(ours.path("hooks")))
        .containsAll(Document.texts(theirs.path("hooks")));
    assertThat(ours.at("/linux/cgroup/systemd").asBoolean(true)).isFalse();
    var options = new ArrayList<>(Document.texts(theirs.path("mountOptions")));
    options.removeAll(Document.texts(ours.path("mountOptions")));
    options.removeAll(NOT_OFFERED);
    assertThat(options).isEmpty();
  }

  @Test
  void hooksOfEveryPointRunInOrder() throws IOException {
    Path said = temporary.resolve("said");
    ObjectNode hooks = config.putObject("hooks");
    for (String point : List.of("createRuntime", "poststart", "poststop")) {
      var hook = hooks.putArray(point).addObject().put("path", "/bin/sh");
      hook.putArray("args").add("sh").add("-c").add("echo " + point + " >> " + said);
    }
    lifecycle.run(id, request("sh", "-c", "exit 0"), false);
    assertThat(said).hasContent("createRuntime\npoststart\npoststop");
  }

  @Test
  void commandLinesAreReadAsRuncReadsThem() {
    var arguments =
        Arguments.parse(
            List.of(
                "--root",
                "/r",
                "--log-format=json",
                "exec",
                "-t",
                "--cwd",
                "/w",
                "-e",
                "A=B",
                "box",
                "ls",
                "-l"));
    assertThat(arguments.command()).isEqualTo("exec");
    assertThat(arguments.option("root")).contains("/r");
    assertThat(arguments.flag("tty")).isTrue();
    assertThat(arguments.environment()).containsExactly("A=B");
    assertThat(arguments.operands()).containsExactly("box", "ls", "-l");
    assertThatThrownBy(() -> Arguments.parse(List.of("state", "../x")).id())
        .isInstanceOf(OciException.class);
  }
}
