/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuildContextTest {
  @TempDir Path folder;

  private static byte[] tar(String... namesAndTexts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      for (int i = 0; i < namesAndTexts.length; i += 2) {
        String text = namesAndTexts[i + 1];
        boolean link = text.startsWith("->");
        TarArchiveEntry entry =
            link
                ? new TarArchiveEntry(namesAndTexts[i], TarConstants.LF_SYMLINK)
                : new TarArchiveEntry(namesAndTexts[i], true);
        if (link) {
          entry.setLinkName(text.substring(2));
          tar.putArchiveEntry(entry);
        } else {
          entry.setSize(text.length());
          tar.putArchiveEntry(entry);
          tar.write(text.getBytes(StandardCharsets.UTF_8));
        }
        tar.closeArchiveEntry();
      }
    }
    return bytes.toByteArray();
  }

  private BuildContext context(String... namesAndTexts) throws IOException {
    return BuildContext.unpack(
        new ByteArrayInputStream(tar(namesAndTexts)), folder.resolve("scratch"));
  }

  @Test
  void namesThatClimbStayInside() throws IOException {
    try (BuildContext context = context("../../evil", "x", "/abs/olute", "y")) {
      assertThat(context.text("evil", 10)).isEqualTo("x");
      assertThat(context.text("../../../abs/olute", 10)).isEqualTo("y");
    }
    assertThat(folder.resolve("evil")).doesNotExist();
  }

  @Test
  void nothingIsWrittenOrReadThroughALink() throws IOException {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "canary");
    assertThatThrownBy(() -> context("a", "->" + outside, "a/b", "x"))
        .hasMessageContaining("symbolic link");
    assertThat(outside.resolve("b")).doesNotExist();
    try (BuildContext context =
        context("a", "->" + outside, "Dockerfile", "->" + outside.resolve("secret"))) {
      assertThatThrownBy(() -> context.text("a/secret", 10)).hasMessageContaining("no file");
      assertThatThrownBy(() -> context.text("Dockerfile", 10)).hasMessageContaining("no file");
      assertThat(context.matching("a/secret")).isEmpty();
      assertThat(context.matching("a")).isEmpty();
    }
  }

  @Test
  void linksAreFollowedAsIfTheContextWereTheWholeFileSystem() throws IOException {
    try (BuildContext context =
        context(
            "dir/file",
            "x",
            "here",
            "->dir",
            "there",
            "->/dir/file",
            "up",
            "->../../dir/file",
            "self",
            "->self")) {
      assertThat(context.text("here/file", 10)).isEqualTo("x");
      assertThat(context.text("there", 10)).isEqualTo("x");
      assertThat(context.text("up", 10)).isEqualTo("x");
      assertThat(context.matching("here").getFirst().file().getFileName()).hasToString("dir");
      assertThatThrownBy(() -> context.matching("self")).hasMessageContaining("link to itself");
    }
  }

  @Test
  void aSparseFileCountsWithTheSizeItTakes() throws Exception {
    Path big = folder.resolve("big");
    try (var file = new java.io.RandomAccessFile(big.toFile(), "rw")) {
      file.setLength(10L << 30);
    }
    Path tar = folder.resolve("context.tar");
    for (String format : new String[] {"gnu", "posix"}) {
      int code =
          new ProcessBuilder("tar", "-S", "--format=" + format, "-cf", tar.toString(), "big")
              .directory(folder.toFile())
              .inheritIO()
              .start()
              .waitFor();
      assertThat(code).isZero();
      assertThat(Files.size(tar)).isLessThan(1 << 20); // it is the claim that must be refused
      try (var in = Files.newInputStream(tar)) {
        assertThatThrownBy(() -> BuildContext.unpack(in, folder.resolve("scratch")))
            .as(format)
            .isInstanceOf(BuildException.class)
            .hasMessageMatching(".*(larger than|cannot read).*");
        assertThat(folder.resolve("scratch")).isEmptyDirectory();
      }
    }
  }

  @Test
  void ignoredFilesAreOutOfSight() throws IOException {
    try (BuildContext context =
        context(
            "a.log",
            "1",
            "keep.log",
            "2",
            "dir/b.log",
            "3",
            "dir/c.txt",
            "4",
            ".dockerignore",
            "**/*.log\n!keep.log\n")) {
      context.applyIgnoreFile("Dockerfile");
      assertThat(context.matching("*.log"))
          .extracting(BuildContext.Match::name)
          .containsExactly("keep.log");
      assertThat(context.tree(context.matching("dir").getFirst().file()))
          .extracting(path -> path.getFileName().toString())
          .containsExactly("dir", "c.txt");
      assertThat(context.matching("a.log")).isEmpty();
    }
  }

  @Test
  void closingDeletesWhatWasUnpacked() throws IOException {
    context("a/b/c", "x").close();
    try (var left = Files.list(folder.resolve("scratch"))) {
      assertThat(left).isEmpty();
    }
  }
}
