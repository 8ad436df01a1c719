/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
      assertThat(lifecycle.exec(id, process, Optional.empty(), Optional.empty(), false))
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
        .hasMessageContaining("execute")
        .hasMessageContaining("ENOENT");
    assertThat(temporary.resolve("state").resolve(id)).doesNotExist();
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
