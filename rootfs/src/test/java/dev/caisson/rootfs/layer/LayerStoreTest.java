/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.image.ImageException;
import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.model.Digest;
import dev.caisson.linux.file.ExtendedAttributes;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.rootfs.RootfsException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerStoreTest {
  @TempDir Path folder;
  private Path secret;
  private LayerStore store;

  @BeforeEach
  void open() throws IOException {
    secret = Files.writeString(folder.resolve("secret"), "untouched");
    store = open(LayerLimits.DEFAULT);
  }

  private LayerStore open(LayerLimits limits) {
    return LayerStore.open(folder.resolve("state"), limits, OverlayMarks.USER, Ownership.OWN);
  }

  @AfterEach
  void nothingOutsideWasTouched() throws IOException {
    store.close();
    assertThat(secret).hasContent("untouched");
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(secret, folder.resolve("state"));
    }
    assertThat(folder.resolve("state/staging")).isEmptyDirectory();
    assertThat(folder.resolve("state/trash")).isEmptyDirectory();
  }

  private Path unpack(TestLayer layer) {
    return unpack(layer.archive());
  }

  private Path unpack(byte[] archive) {
    try {
      return store.unpack(Digest.of(archive), () -> new ByteArrayInputStream(archive)).join();
    } catch (CompletionException e) {
      throw (RuntimeException) e.getCause();
    }
  }

  private static boolean opaque(Path directory) {
    return ExtendedAttributes.of(directory).names().contains("user.overlay.opaque");
  }

  private static boolean whiteout(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS) == 0020000
        && (long) Files.getAttribute(file, "unix:rdev", LinkOption.NOFOLLOW_LINKS) == 0;
  }

  @Test
  void filesComeOutAsTheLayerSays() throws IOException {
    var time = new Attributes(0750, 0, 0, 1_000_000_000, 5_000, Map.of());
    var files =
        unpack(
            TestLayer.empty()
                .with(new Entry.Directory("dir", time))
                .file("dir/file", "hello", time)
                .with(new Entry.HardLink("hard", Attributes.of(0644), "dir/file"))
                .link("link", "dir/file")
                .file("implicit/parents/file", "x")
                .with(new Entry.Pipe("pipe", time)));
    assertThat(files.resolve("dir/file")).hasContent("hello");
    assertThat(files.resolve("link")).hasContent("hello");
    assertThat(Files.isSameFile(files.resolve("hard"), files.resolve("dir/file"))).isTrue();
    assertThat(Files.readSymbolicLink(files.resolve("link"))).isEqualTo(Path.of("dir/file"));
    for (var path : List.of("dir", "dir/file")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files.resolve(path))))
          .isEqualTo("rwxr-x---");
      assertThat(Files.getLastModifiedTime(files.resolve(path)))
          .isEqualTo(FileTime.from(Instant.ofEpochSecond(1_000_000_000, 5_000)));
    }
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(files.resolve("implicit"))))
        .isEqualTo("rwxr-xr-x");
  }

  @Test
  void sparseFilesStaySparse() throws IOException {
    long size = 10L << 30; // security notes 30
    var files =
        unpack(
            TestLayer.empty()
                .with(
                    new Entry.File(
                        "sparse",
                        Attributes.of(0644),
                        size,
                        List.of(new Entry.Extent(1 << 20, 4096)))));
    assertThat(Files.size(files.resolve("sparse"))).isEqualTo(size);
    try (var file = OpenFile.open(files.resolve("sparse"), 0)) {
      assertThat(file.status().allocated()).isLessThan(1 << 20);
    }
  }

  @Test
  void aLayerIsUnpackedOnceAndFoundAgain() {
    var archive = TestLayer.empty().file("a", "1").archive();
    var first = unpack(archive);
    assertThat(unpack(archive)).isEqualTo(first);
    try (var other = open(LayerLimits.DEFAULT)) {
      assertThat(other.contains(Digest.of(archive))).isTrue();
    }
  }

  @Test
  void layersNobodyNeedsAreCollected() {
    var wanted = TestLayer.empty().file("a", "1").archive();
    var unwanted = TestLayer.empty().file("b", "1").archive();
    var kept = unpack(wanted);
    var gone = unpack(unwanted);
    store.collect(Set.of(Digest.of(wanted)));
    assertThat(kept).exists();
    assertThat(gone).doesNotExist();
    assertThat(unpack(unwanted)).exists();
  }

  @Test
  void aLayerTheLastPowerCutMayHaveCaughtIsUnpackedAgain() throws IOException {
    var archive = TestLayer.empty().file("a", "1").archive();
    var files = unpack(archive);
    store.close();
    var record = files.resolveSibling("record");
    Files.deleteIfExists(files.resolveSibling("durable"));
    Files.writeString(
        record, Files.readString(record).replace(LayerRecord.thisBoot(), "another-boot"));
    Files.writeString(files.resolve("a"), "torn");
    store = open(LayerLimits.DEFAULT);
    assertThat(store.contains(Digest.of(archive))).isFalse();
    assertThat(unpack(archive).resolve("a")).hasContent("1");
  }

  /** notes/security.md 21. */
  @Test
  void linksToTheHostAreNotFollowed() {
    for (var target : List.of("/", "../../../..", folder.toString(), "/etc", "..")) {
      var files =
          unpack(
              TestLayer.empty()
                  .link("out", target)
                  .file("out" + folder + "/secret", "overwritten " + target));
      assertThat(files).isNotEqualTo(folder);
    }
  }

  /** notes/security.md 21. */
  @Test
  void aFileReplacesALinkInsteadOfWritingThroughIt() {
    var files =
        unpack(TestLayer.empty().link("file", secret.toString()).file("file", "overwritten"));
    assertThat(files.resolve("file")).hasContent("overwritten").isRegularFile();
  }

  /** notes/security.md 21. */
  @Test
  void aDirectoryReplacesALinkInsteadOfFollowingIt() {
    var files =
        unpack(
            TestLayer.empty()
                .link("dir", folder.toString())
                .directory("dir", 0700)
                .file("dir/secret", "overwritten"));
    assertThat(files.resolve("dir/secret")).hasContent("overwritten");
  }

  /** notes/security.md 21. */
  @Test
  void hardLinksReachOnlyFilesOfTheLayer() {
    for (var target : List.of(secret.toString().substring(1), "out/secret", "none")) {
      assertThatThrownBy(() ->
              unpack(
                  TestLayer.empty()
                      .link("out", folder.toString())
                      .with(new Entry.HardLink("hard", Attributes.of(0644), target))))
          .isInstanceOf(RootfsException.class)
          .hasMessageContaining("hard link");
    }
  }

  /** notes/security.md 21. */
  @Test
  void theLastOfDuplicateNamesWins() {
    var files =
        unpack(
            TestLayer.empty()
                .file("a", "first")
                .directory("a", 0755)
                .file("a/b", "in it")
                .file("a", "second")
                .file("c", "file")
                .file("c/d", "below"));
    assertThat(files.resolve("a")).hasContent("second");
    assertThat(files.resolve("c/d")).hasContent("below");
  }

  /** notes/security.md 22. */
  @Test
  void whiteoutsThroughLinksStayInside() throws IOException {
    var files =
        unpack(
            TestLayer.empty()
                .link("out", folder.toString().substring(1).replaceAll("[^/]+", ".."))
                .directory("real", 0755)
                .link("in", "/real")
                .with(new Entry.Whiteout("in/gone")));
    assertThat(whiteout(files.resolve("real/gone"))).isTrue();
  }

  @Test
  void whiteoutsSpeakOfTheLayersBelowOnly() throws IOException {
    var files =
        unpack(
            TestLayer.empty()
                .file("kept", "x")
                .with(new Entry.Whiteout("kept"))
                .with(new Entry.Whiteout("gone"))
                .with(new Entry.Whiteout("dir"))
                .directory("dir", 0755)
                .directory("other", 0755)
                .with(new Entry.Whiteout("other"))
                .with(new Entry.Opaque("opaque"))
                .with(new Entry.Device("spelled", Attributes.of(0), false, 0, 0)));
    assertThat(files.resolve("kept")).hasContent("x");
    assertThat(whiteout(files.resolve("gone"))).isTrue();
    assertThat(whiteout(files.resolve("spelled"))).isTrue();
    assertThat(opaque(files.resolve("dir"))).isTrue();
    assertThat(opaque(files.resolve("other"))).isTrue();
    assertThat(opaque(files.resolve("opaque"))).isTrue();
  }

  /** notes/security.md 23. */
  @Test
  void attributesThatSpeakToTheHostAreDropped() {
    var bad =
        List.of(
            "trusted.overlay.redirect",
            "user.overlay.opaque",
            "trusted.note",
            "security.selinux",
            "security.capability",
            "security.ima");
    var layer = TestLayer.empty();
    for (var name : bad) {
      layer.file(name, "", TestLayer.extended(name, new byte[] {1, 2, 3}));
    }
    layer.file("good", "", TestLayer.extended("user.note", new byte[] {0, -1}));
    var files = unpack(layer);
    for (var name : bad) {
      assertThat(ExtendedAttributes.of(files.resolve(name)).names()).doesNotContain(name);
    }
    assertThat(ExtendedAttributes.of(files.resolve("good")).get("user.note"))
        .contains(new byte[] {0, -1});
  }

  /** notes/security.md 24. */
  @Test
  void aBombLeavesNothing() {
    store.close();
    store = open(LayerLimits.DEFAULT.withBytes(1 << 20));
    assertThatThrownBy(() ->
            unpack(
                TestLayer.empty()
                    .file("first", "x")
                    .with(new Entry.File("bomb", Attributes.of(0644), 4 << 20))))
        .isInstanceOfSatisfying(
            ImageException.class,
            e -> assertThat(e.kind()).isEqualTo(ImageException.Kind.TOO_LARGE));
    assertThat(folder.resolve("state/layers")).isEmptyDirectory();
  }

  /** notes/security.md 25. */
  @Test
  void aWrongDigestLeavesNothing() {
    var archive = TestLayer.empty().file("a", "1").archive();
    var other = Digest.of(new byte[0]);
    assertThatThrownBy(() -> store.unpack(other, () -> new ByteArrayInputStream(archive)).join())
        .hasCauseInstanceOf(ImageException.class);
    assertThat(folder.resolve("state/layers")).isEmptyDirectory();
  }
}
