/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.image.ImageException;
import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.store.ImageStore;
import dev.caisson.linux.mount.Mounts;
import dev.caisson.rootfs.RootfsException;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** notes/security.md 37 and 38: a disk of 64 MiB and one of few inodes. */
@Tag("integration")
class FullDiskTest {
  @TempDir Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() {
    assumeTrue(Files.isWritable(Path.of("/proc/1/oom_score_adj")), "mounting needs root");
    Mounts.mount("tmpfs", disk, "tmpfs", "size=64m,nr_inodes=2000");
    mounted = true;
  }

  @AfterEach
  void unmount() {
    if (mounted) {
      Mounts.detach(disk);
    }
  }

  private LayerStore open() {
    return LayerStore.open(disk, LayerLimits.DEFAULT, OverlayMarks.TRUSTED, Ownership.EXACT);
  }

  private static void refusedForSpace(LayerStore store, byte[] archive) {
    assertThatThrownBy(
            () -> store.unpack(Digest.of(archive), () -> new ByteArrayInputStream(archive)).join())
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOfSatisfying(
            RootfsException.class,
            e -> assertThat(e.kind()).isEqualTo(RootfsException.Kind.NO_SPACE));
  }

  @Test
  void aLayerThatDoesNotFitLeavesRoomForOneThatDoes() {
    var small = TestLayer.empty().file("a", "fits").archive();
    var big = TestLayer.empty().with(new Entry.File("b", Attributes.of(0644), 100 << 20)).archive();
    try (var store = open()) {
      refusedForSpace(store, big);
    }
    assertThat(disk.resolve("staging")).isEmptyDirectory();
    assertThat(disk.resolve("trash")).isEmptyDirectory();
    assertThat(disk.resolve("layers")).isEmptyDirectory();
    try (var store = open()) {
      var files = store.unpack(Digest.of(small), () -> new ByteArrayInputStream(small)).join();
      assertThat(files.resolve("a")).hasContent("fits");
    }
  }

  @Test
  void aLayerOfTooManyFilesIsRefusedForSpace() {
    var layer = TestLayer.empty();
    for (int i = 0; i < 3000; i++) {
      layer.file("f" + i, "");
    }
    try (var store = open()) {
      refusedForSpace(store, layer.archive());
    }
    assertThat(disk.resolve("layers")).isEmptyDirectory();
  }

  @Test
  void aBlobThatDoesNotFitIsToldAndTheStoreWorksOn() {
    var store = ImageStore.open(disk);
    var bytes = new byte[1 << 20];
    var blob = Descriptor.of("", Digest.of(bytes), 100L << 20);
    try (var writer = store.blobs().write(blob)) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 100; i++) {
                  writer.write(bytes, 0, bytes.length);
                }
              })
          .isInstanceOfSatisfying(
              ImageException.class,
              e -> assertThat(e.kind()).isEqualTo(ImageException.Kind.NO_SPACE));
    }
    store.prune(true, _ -> true);
    var digest = store.blobs().put(new byte[] {1, 2, 3});
    assertThat(store.blobs().contains(digest)).isTrue();
  }
}
