/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerReaderTest {
  private static final Attributes ODD =
      new Attributes(
          06755,
          4_000_000_000L,
          3_000_000_000L,
          -5,
          250_000_000,
          Map.of("user.note", new byte[] {0, -1, 10, '='}));

  private static void refused(Kind kind, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(ImageException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }

  @Test
  void everyKindOfEntryComesBackAsWritten() {
    var deep = "d".repeat(90) + "/" + "e".repeat(90) + "/é";
    List<Entry> entries =
        List.of(
            new Entry.Directory("dir", Attributes.of(0700)),
            new Entry.File("dir/file", Attributes.of(0644), 1234),
            new Entry.File(deep, Attributes.of(0644), 0),
            new Entry.SymbolicLink("link", Attributes.of(0777), "/" + deep),
            new Entry.HardLink("hard", Attributes.of(04755), deep),
            new Entry.Device("null", Attributes.of(0666), false, 1, 3),
            new Entry.Device("disk", Attributes.of(0660), true, 4095, 1048575),
            new Entry.Pipe("pipe", Attributes.of(0600)),
            new Entry.Whiteout("dir/gone"),
            new Entry.Opaque("dir"),
            new Entry.File(
                "sparse",
                Attributes.of(0600),
                1 << 30,
                List.of(new Entry.Extent(4096, 512), new Entry.Extent(1 << 20, 100))));
    assertThat(Tar.entries(Tar.write(entries), LayerLimits.DEFAULT)).isEqualTo(entries);
  }

  @Test
  void attributesComeBackAsWritten() {
    var read = Tar.entries(Tar.write(List.of(new Entry.Directory("d", ODD))), LayerLimits.DEFAULT);
    var attributes = ((Entry.Directory) read.getFirst()).attributes();
    assertThat(attributes).usingRecursiveComparison().isEqualTo(ODD);
  }

  @Test
  void equalEntriesGiveEqualBytes() {
    List<Entry> entries = List.of(new Entry.Directory("d", ODD));
    assertThat(Tar.write(entries)).isEqualTo(Tar.write(entries));
  }

  @Test
  void dataIsReadOrSkipped() {
    var reader =
        LayerReader.ofLayer(
            new ByteArrayInputStream(Tar.archive().file("a", "12345").file("b", "678").bytes()),
            LayerLimits.DEFAULT);
    reader.next();
    assertThat(reader.next()).get().extracting(Entry::path).isEqualTo("b");
    var data = new byte[10];
    assertThat(reader.read(data, 0, 10)).isEqualTo(3);
    assertThat(reader.read(data, 3, 7)).isZero();
    assertThat(reader.next()).isEmpty();
  }

  @Test
  void oddSpellingsOfAPathAreMadeOne() {
    var names = List.of("./a", "/a", "a/", "//a", "a/.");
    for (var name : names) {
      assertThat(Tar.archive().member('5', name, "", new byte[0]).entries().getFirst().path())
          .isEqualTo("a");
    }
    assertThat(Tar.archive().member('5', "./", "", new byte[0]).entries().getFirst().path())
        .isEmpty();
  }

  /** notes/security.md 21. */
  @ParameterizedTest
  @ValueSource(strings = {"../etc/passwd", "a/../../b", "..", "a/..", "/../x"})
  void climbingPathsAreRefused(String name) {
    refused(Kind.INVALID, () -> Tar.archive().file(name, "x").entries());
    refused(Kind.INVALID, () -> Tar.archive().member('1', "link", name, new byte[0]).entries());
  }

  /** notes/security.md 22. */
  @ParameterizedTest
  @ValueSource(strings = {".wh..", ".wh.", ".wh...", "a/.wh.."})
  void whiteoutsOfTheirOwnOrParentDirectoryAreRefused(String name) {
    refused(Kind.INVALID, () -> Tar.archive().file(name, "").entries());
  }

  @Test
  void bookkeepingOfAufsIsLeftOut() {
    assertThat(Tar.archive().file(".wh..wh.plnk/1.2", "").file(".wh..wh.aufs", "").entries())
        .extracting(Entry::path)
        .containsExactly(".wh..wh.plnk/1.2");
  }

  @Test
  void theRootIsOnlyADirectory() {
    refused(Kind.INVALID, () -> Tar.archive().member('2', "/", "etc", new byte[0]).entries());
    refused(
        Kind.INVALID,
        () -> Tar.archive().file("./", "").member('1', "a", "/", new byte[0]).entries());
  }

  /** notes/security.md 24: sixteen MiB of pax header. */
  @Test
  void hugeExtendedHeadersAreRefused() {
    refused(
        Kind.TOO_LARGE,
        () -> Tar.archive().pax(Map.of("comment", new byte[16 << 20])).file("a", "").entries());
    var many = Tar.archive();
    for (int i = 0; i < 40; i++) {
      many.pax(Map.of("comment", new byte[64 << 10]));
    }
    refused(Kind.TOO_LARGE, () -> many.file("a", "").entries());
  }

  /** notes/security.md 24: too many entries. */
  @Test
  void entriesAreCounted() {
    var limits = new LayerLimits(10, 1 << 20, 4095, 1 << 20);
    var tar = Tar.archive();
    for (int i = 0; i < 11; i++) {
      tar.file("f" + i, "");
    }
    refused(Kind.TOO_LARGE, () -> Tar.entries(tar.bytes(), limits));
  }

  /** notes/security.md 24: a bomb, as data and as holes. */
  @Test
  void bytesAreCounted() {
    var limits = LayerLimits.DEFAULT.withBytes(1 << 20);
    List<Entry> data = List.of(new Entry.File("bomb", Attributes.of(0644), 2 << 20));
    refused(Kind.TOO_LARGE, () -> Tar.entries(Tar.write(data), limits));
    List<Entry> holes =
        List.of(
            new Entry.File(
                "bomb", Attributes.of(0644), 10L << 30, List.of(new Entry.Extent(0, 1))));
    refused(Kind.TOO_LARGE, () -> Tar.entries(Tar.write(holes), limits));
  }

  /** notes/security.md 24: PATH_MAX and NAME_MAX. */
  @Test
  void pathsAreBounded() {
    refused(
        Kind.INVALID,
        () ->
            Tar.archive()
                .pax(Map.of("path", "a/".repeat(3000).getBytes(StandardCharsets.UTF_8)))
                .file("a", "")
                .entries());
    refused(
        Kind.INVALID,
        () ->
            Tar.archive()
                .pax(Map.of("path", "a".repeat(256).getBytes(StandardCharsets.UTF_8)))
                .file("a", "")
                .entries());
  }

  /** A number of 2^32 must not become root. */
  @ParameterizedTest
  @ValueSource(strings = {"4294967296", "4294967295", "-1", "0x0", "99999999999999999999"})
  void impossibleOwnersAreRefused(String id) {
    var value = id.getBytes(StandardCharsets.UTF_8);
    refused(Kind.INVALID, () -> Tar.archive().pax(Map.of("uid", value)).file("a", "").entries());
    refused(Kind.INVALID, () -> Tar.archive().pax(Map.of("gid", value)).file("a", "").entries());
  }

  /** notes/security.md 25. */
  @Test
  void truncationIsRefusedAtEveryByte() {
    var whole = Tar.archive().pax(Map.of("path", new byte[] {'a'})).file("b", "hello").bytes();
    int content = whole.length - 1024 - (512 - "hello".length());
    for (int length = 1; length < content; length++) {
      if (length % 512 == 0 && length % 1024 != 512) {
        continue; // some of these end between members, told by the digest instead
      }
      var cut = Arrays.copyOf(whole, length);
      refused(Kind.INVALID, () -> Tar.entries(cut, LayerLimits.DEFAULT));
    }
  }

  @Test
  void namesThatAreNotUtf8AreRefused() {
    refused(
        Kind.UNSUPPORTED,
        () -> Tar.archive().pax(Map.of("path", new byte[] {'a', -1})).file("a", "").entries());
  }
}
