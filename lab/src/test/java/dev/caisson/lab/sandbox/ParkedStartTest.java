/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.container.ContainerIsolation;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A container cannot tell whether its process was made for it or parked before. */
@Tag("integration")
@Timeout(180)
class ParkedStartTest {
  private static final Path GROUPS = Path.of("/sys/fs/cgroup/pids/caisson");
  private static final String WHAT_IT_SEES =
      """
      cut -d' ' -f4- /proc/self/mountinfo | sed 's/ shared:[0-9]*//; s/ master:[0-9]*//' | sort
      ls -lnR /dev | grep -v ^total | sed 's/[A-Z][a-z][a-z] .*:[0-9][0-9] //'
      cat /sys/class/net/lo/flags; [ $NETWORK = own ] && ls /sys/class/net; ls /proc/fs
      cat /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l; hostname
      for f in /proc/sys/kernel/core_pattern /sys/power/state /sys/fs/cgroup/x; do
        (echo x > $f) 2>&1; done
      stat -c '%n %a %u %g' /proc /dev /dev/* /sys /sys/fs/cgroup
      """;

  @TempDir static Path image;
  private static RootFilesystem.Layers root;
  @TempDir Path places;
  private Bench bench;

  @BeforeAll
  static void makeImage() {
    root = BusyboxLayer.make(image.resolve("layer"));
  }

  @BeforeEach
  void open() {
    Isolation isolation = new ContainerIsolation();
    isolation.unavailable().ifPresent(why -> Assumptions.abort(why.reason()));
    Assumptions.assumeTrue(Files.isDirectory(GROUPS.getParent()), "no control groups of v1");
    bench = new Bench(isolation, places, root);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  /** A time namespace of its own keeps a workload from all that was parked. */
  private String seen(NetworkAttachment network, boolean parked) {
    String owner = network.equals(NetworkAttachment.NONE) ? "own" : "host";
    Workload.Builder workload =
        bench
            .workload("sh", "-c", "NETWORK=" + owner + "\n" + WHAT_IT_SEES)
            .network(network)
            .hostname("same");
    if (!parked) {
      Namespaces usual = Namespaces.PRIVATE;
      workload.namespaces(
          new Namespaces(
              usual.pid(), usual.ipc(), usual.uts(), usual.cgroup(), usual.user(), true));
    }
    Bench.Outcome outcome = bench.run(workload);
    assertThat(outcome.code()).as(outcome.errors()).isZero();
    return outcome.output().replaceAll("test[0-9]+-[0-9]+", "ID");
  }

  private static long parked() throws IOException {
    String ours = "parked-" + ProcessHandle.current().pid() + "-";
    if (!Files.isDirectory(GROUPS)) {
      return 0;
    }
    try (Stream<Path> groups = Files.list(GROUPS)) {
      return groups.filter(group -> group.getFileName().toString().startsWith(ours)).count();
    }
  }

  private static void awaitParked(long atLeast) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (parked() < atLeast) {
      assertThat(System.nanoTime()).as("parked so far: " + parked()).isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  @Test
  void whatAnIsolatedContainerSeesIsTheSame() throws Exception {
    String made = seen(NetworkAttachment.NONE, false);
    seen(NetworkAttachment.NONE, true);
    awaitParked(8);
    assertThat(seen(NetworkAttachment.NONE, true)).isEqualTo(made);
  }

  @Test
  void whatAContainerOfTheHostsNetworkSeesIsTheSame() throws Exception {
    String made = seen(NetworkAttachment.HOST, false);
    seen(NetworkAttachment.HOST, true);
    awaitParked(8);
    assertThat(seen(NetworkAttachment.HOST, true)).isEqualTo(made);
  }
}
