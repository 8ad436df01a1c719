/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.Filters;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.view.Status;
import dev.caisson.linux.mount.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * An engine whose file system is full, has no inodes left or became read-only: it says so, breaks
 * nothing, and works when there is room again (security notes 37 and 38).
 */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class FullDiskTest {
  private TestPlace place;
  private EngineOptions options;
  private Engine engine;

  /** Opens an engine on a tmpfs of its own. */
  private void open(String tmpfs) throws Exception {
    place = TestPlace.make();
    options = place.options();
    Files.createDirectories(options.root());
    Mounts.mount("tmpfs", options.root(), "tmpfs", tmpfs);
    engine = Engine.open(options);
    engine.images().buildBase("busybox", Optional.empty(), ProgressListener.SILENT);
  }

  @AfterEach
  void close() throws Exception {
    if (place == null) {
      return;
    }
    for (var left : engine.containers().list(true, 0, false, Filters.none())) {
      engine.containers().remove(left.id(), true, true);
    }
    engine.close();
    command("umount", "-l", options.root().toString());
    place.close();
  }

  private static void command(String... words) throws Exception {
    assertThat(new ProcessBuilder(words).inheritIO().start().waitFor()).isZero();
  }

  private String start(String script) {
    var spec =
        InstanceSpec.of("busybox")
            .networking(NetworkingSpec.of("none"))
            .command("sh", "-c", script)
            .build();
    var id = engine.containers().create(spec).id();
    engine.containers().start(id);
    return id;
  }

  private int run(String script) {
    var id = start(script);
    int code = engine.containers().exit(id, WaitCondition.NOT_RUNNING).join().code();
    engine.containers().remove(id, true, true);
    return code;
  }

  private Path fill() {
    var filler = options.root().resolve("filler");
    try (var out = Files.newOutputStream(filler)) {
      var block = new byte[4096];
      while (true) {
        out.write(block);
      }
    } catch (IOException full) {
      return filler;
    }
  }

  private void reopened() {
    engine.close();
    engine = Engine.open(options);
  }

  private void blobsAreWhole() throws Exception {
    try (var blobs = Files.list(options.root().resolve("images/blobs/sha256"))) {
      for (var blob : blobs.toList()) {
        var digest = MessageDigest.getInstance("SHA-256");
        try (var in = new DigestInputStream(Files.newInputStream(blob), digest)) {
          in.transferTo(java.io.OutputStream.nullOutputStream());
        }
        assertThat(blob.getFileName()).hasToString(HexFormat.of().formatHex(digest.digest()));
      }
    }
  }

  private static CommitSpec named(String name) {
    return new CommitSpec(
        Optional.of(name), "", "", true, List.of(), Optional.empty(), Optional.empty());
  }

  @Test
  void aCommitThatDoesNotFitLeavesNothing() throws Exception {
    open("size=64m");
    var id = start("dd if=/dev/urandom of=/big bs=1M count=40 && sleep 1000");
    while (!Files.exists(upper(id)) || Files.size(upper(id)) < 40 << 20) {
      Thread.sleep(50);
    }
    assertThatThrownBy(() -> engine.containers().commit(id, named("big")))
        .isInstanceOf(EngineException.class)
        .hasMessageMatching("(?is).*no space left.*");
    assertThat(engine.images().list(true, Filters.none())).hasSize(1);
    assertThat(engine.containers().inspect(id, false).state().status()).isEqualTo(Status.RUNNING);
    assertThat(Files.getFileStore(options.root()).getUsableSpace())
        .as("what was written of the layer is gone")
        .isGreaterThan(15 << 20);
    blobsAreWhole();
    engine.containers().remove(id, true, true);
    var small = start("echo small > /small; sleep 1000");
    engine.containers().commit(small, named("small"));
    reopened();
    assertThat(engine.images().list(true, Filters.none())).hasSize(2);
    assertThat(engine.containers().inspect(small, false).state().status())
        .isEqualTo(Status.RUNNING);
  }

  private Path upper(String id) {
    return options.root().resolve("containers").resolve(id).resolve("upper/big");
  }

  @Test
  void anEngineOnAFullDiskRefusesTellsAndRecovers() throws Exception {
    open("size=64m");
    var id = start("while sleep 0.02; do echo line; done");
    var filler = fill();
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 1000; i++) { // some room may be left in the last page
                start("true");
              }
            })
        .isInstanceOf(EngineException.class)
        .hasMessageMatching("(?is).*no space left.*");
    assertThat(engine.containers().inspect(id, false).state().status()).isEqualTo(Status.RUNNING);
    assertThatThrownBy(() ->
            engine
                .images()
                .importRoot(
                    new java.io.ByteArrayInputStream(new byte[1 << 20]),
                    Optional.of("more"),
                    "",
                    List.of(),
                    Optional.empty()))
        .isInstanceOf(EngineException.class);
    Files.delete(filler);
    Thread.sleep(1000); // so that the log has room, too
    assertThat(run("exit 3")).isEqualTo(3);
    try (var log =
        engine
            .containers()
            .logs(id, new LogOptions(true, true, false, -1, Optional.empty(), Optional.empty()))) {
      var count = new int[1];
      log.forEach(record -> {
        assertThat(new String(record.data())).isEqualTo("line\n");
        count[0]++;
      });
      assertThat(count[0]).isPositive();
    }
    blobsAreWhole();
    reopened();
    assertThat(engine.containers().inspect(id, false).state().status()).isEqualTo(Status.RUNNING);
    assertThat(run("exit 4")).isEqualTo(4);
  }

  @Test
  void stoppingAndRemovingWorkOnAFullDisk() throws Exception {
    open("size=32m");
    var id = start("sleep 1000");
    var other = start("sleep 1000");
    var filler = fill();
    engine.containers().kill(id, "KILL");
    assertThat(
            engine
                .containers()
                .exit(id, WaitCondition.NOT_RUNNING)
                .get(10, TimeUnit.SECONDS)
                .code())
        .isEqualTo(137);
    engine.containers().remove(id, true, true);
    engine.containers().remove(other, true, true);
    assertThat(engine.containers().list(true, 0, false, Filters.none())).isEmpty();
    Files.delete(filler);
    reopened();
    assertThat(engine.containers().list(true, 0, false, Filters.none())).isEmpty();
  }

  @Test
  void withoutInodesNothingIsHalfMade() throws Exception {
    open("size=64m,nr_inodes=900");
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 1000; i++) {
                start("sleep 1000");
              }
            })
        .isInstanceOf(EngineException.class)
        .hasMessageMatching("(?is).*no space left.*");
    var all = engine.containers().list(true, 0, false, Filters.none());
    for (var each : all) {
      engine.containers().remove(each.id(), true, true);
    }
    assertThat(run("exit 5")).isEqualTo(5);
    try (var left = Files.list(options.root().resolve("containers"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aReadOnlyStoreIsToldAndSurvived() throws Exception {
    open("size=64m");
    var id = start("sleep 1000");
    // Of what is opened from now on: files open for writing keep a mount from becoming read-only.
    var parts = List.of("containers", "images", "rootfs", "scratch");
    for (var part : parts) {
      var path = options.root().resolve(part).toString();
      command("mount", "--bind", path, path);
      command("mount", "--bind", "-o", "remount,ro", path);
    }
    assertThatThrownBy(() -> start("true"))
        .isInstanceOf(EngineException.class)
        .hasMessageMatching("(?is).*read-only file system.*");
    assertThat(engine.containers().inspect(id, false).state().status()).isEqualTo(Status.RUNNING);
    assertThat(engine.images().list(true, Filters.none())).hasSize(1);
    for (var part : parts) {
      command("umount", "-l", options.root().resolve(part).toString());
    }
    assertThat(run("exit 6")).isEqualTo(6);
    reopened();
    assertThat(engine.containers().inspect(id, false).state().status()).isEqualTo(Status.RUNNING);
  }
}
