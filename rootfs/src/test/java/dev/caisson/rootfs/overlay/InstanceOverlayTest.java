/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.overlay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.model.Digest;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.mount.Mounts;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.ArchiveCopy;
import dev.caisson.rootfs.layer.LayerStore;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.layer.Ownership;
import dev.caisson.rootfs.layer.TestLayer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounts real overlays, so it needs root. */
@Tag("integration")
class InstanceOverlayTest {
  @TempDir Path folder;
  private LayerStore layers;

  @BeforeEach
  void open() throws IOException {
    assumeTrue(Files.isWritable(Path.of("/proc/1/oom_score_adj")), "mounting needs root");
    layers =
        LayerStore.open(
            folder.resolve("state"), LayerLimits.DEFAULT, OverlayMarks.TRUSTED, Ownership.EXACT);
  }

  @AfterEach
  void close() {
    if (layers != null) {
      layers.close();
    }
  }

  private Path unpack(TestLayer layer) {
    var archive = layer.archive();
    return layers.unpack(Digest.of(archive), () -> new ByteArrayInputStream(archive)).join();
  }

  private InstanceOverlay overlay(String name, TestLayer... lowestFirst) {
    var lower = new ArrayList<Path>();
    for (var layer : lowestFirst) {
      lower.addFirst(unpack(layer));
    }
    return InstanceOverlay.in(folder.resolve(name), lower, layers.marks()).create();
  }

  private static TestLayer base() {
    return TestLayer.empty()
        .file("etc/kept", "kept")
        .file("etc/changed", "old")
        .file("etc/removed", "x")
        .file("opt/tree/a", "a")
        .file("opt/tree/b", "b");
  }

  private static TestLayer second() {
    return TestLayer.empty()
        .with(new Entry.Whiteout("etc/removed"))
        .with(new Entry.Opaque("opt/tree"))
        .file("opt/tree/c", "c");
  }

  @Test
  void layersStackWithWhiteoutsAndOpaqueDirectories() {
    try (var root = overlay("one", base(), second()).mount()) {
      var path = root.directory().fd().path();
      assertThat(path.resolve("etc/kept")).hasContent("kept");
      assertThat(path.resolve("etc/removed")).doesNotExist();
      assertThat(path.resolve("opt/tree/a")).doesNotExist();
      assertThat(path.resolve("opt/tree/c")).hasContent("c");
    }
  }

  @Test
  void changesAreToldAndBecomeALayer() throws IOException {
    var overlay = overlay("one", base(), second());
    try (var root = overlay.mount()) {
      var path = root.directory().fd().path();
      Files.writeString(path.resolve("etc/changed"), "new");
      Files.delete(path.resolve("etc/kept"));
      Files.writeString(path.resolve("etc/added"), "added");
      Files.createDirectories(path.resolve("var/lib"));
    }
    assertThat(overlay.changes())
        .containsExactly(
            new Change(Change.Kind.MODIFIED, "/etc"),
            new Change(Change.Kind.ADDED, "/etc/added"),
            new Change(Change.Kind.MODIFIED, "/etc/changed"),
            new Change(Change.Kind.DELETED, "/etc/kept"),
            new Change(Change.Kind.ADDED, "/var"),
            new Change(Change.Kind.ADDED, "/var/lib"));

    var tar = new ByteArrayOutputStream();
    overlay.exportChanges(tar);
    var committed =
        layers
            .unpack(Digest.of(tar.toByteArray()), () -> new ByteArrayInputStream(tar.toByteArray()))
            .join();
    var lower = new ArrayList<>(List.of(committed));
    lower.addAll(overlay.lower());
    var again = InstanceOverlay.in(folder.resolve("two"), lower, layers.marks()).create();
    try (var root = again.mount()) {
      var path = root.directory().fd().path();
      assertThat(path.resolve("etc/changed")).hasContent("new");
      assertThat(path.resolve("etc/added")).hasContent("added");
      assertThat(path.resolve("etc/kept")).doesNotExist();
    }
    assertThat(again.changes()).isEmpty();
  }

  @Test
  void whatIsMountedByPathHasNoPathAfterwards() throws IOException {
    var overlay = overlay("one", base(), second());
    var target = Files.createDirectories(folder.resolve("one/merged"));
    Mounts.mount("left", target, "tmpfs", ""); // by a process killed in the middle
    try (var root = overlay.mountByPath()) {
      assertThat(root.directory().fd().path().resolve("etc/kept")).hasContent("kept");
      assertThat(target).isEmptyDirectory();
      Files.delete(target); // as the removal of a container does, and busy while it is a mount
    }
  }

  @Test
  void aHundredLayersCanBeMounted() {
    var many = new TestLayer[100];
    for (int i = 0; i < many.length; i++) {
      many[i] = TestLayer.empty().file("f" + i, "" + i);
    }
    try (var root = overlay("many", many).mount()) {
      assertThat(root.directory().fd().path().resolve("f99")).hasContent("99");
      assertThat(root.directory().fd().path().resolve("f0")).hasContent("0");
    }
  }

  /** notes/security.md 29: links inside lead inside, however they are swapped. */
  @Test
  void copyingStaysInsideWhileLinksAreSwapped() throws Exception {
    var outside = Files.createDirectories(folder.resolve("outside"));
    Files.writeString(outside.resolve("file"), "untouched");
    var root = Files.createDirectories(folder.resolve("root"));
    Files.createDirectories(root.resolve("real"));
    Files.writeString(root.resolve("real/file"), "inside");
    var archive = TestLayer.empty().file("file", "copied").archive();
    var swapping =
        Thread.ofPlatform()
            .start(() -> {
              try {
                while (!Thread.interrupted()) {
                  var link = root.resolve("next");
                  Files.createSymbolicLink(link, outside);
                  Files.move(
                      link, root.resolve("dir"), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
                  Files.createSymbolicLink(link, Path.of("real"));
                  Files.move(
                      link, root.resolve("dir"), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
                }
              } catch (IOException _) {
                // the test is over
              }
            });
    try (var directory = Directory.open(root)) {
      for (int i = 0; i < 500; i++) {
        try {
          ArchiveCopy.in(
              directory,
              "/dir",
              new ByteArrayInputStream(archive),
              false,
              Ownership.OWN,
              LayerLimits.DEFAULT);
          var out = new ByteArrayOutputStream();
          ArchiveCopy.out(directory, "/dir/file", out);
          assertThat(out.toString(java.nio.charset.StandardCharsets.ISO_8859_1))
              .doesNotContain("untouched");
        } catch (RootfsException e) {
          assertThat(e.kind()).isEqualTo(RootfsException.Kind.NOT_FOUND);
        }
      }
    } finally {
      swapping.interrupt();
      swapping.join();
    }
    assertThat(outside.resolve("file")).hasContent("untouched");
    assertThat(root.resolve("real/file")).hasContent("copied");
  }

  @Test
  void copyingKeepsKindsWhenAsked() throws IOException {
    var root = Files.createDirectories(folder.resolve("root"));
    Files.createDirectories(root.resolve("taken"));
    var archive = TestLayer.empty().file("taken", "x").archive();
    try (var directory = Directory.open(root)) {
      assertThatThrownBy(() ->
              ArchiveCopy.in(
                  directory,
                  "/",
                  new ByteArrayInputStream(archive),
                  true,
                  Ownership.OWN,
                  LayerLimits.DEFAULT))
          .isInstanceOf(RootfsException.class)
          .hasMessageContaining("cannot overwrite directory");
    }
  }
}
