/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Digest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class LayerStreamTest {
  private final byte[] archive =
      Tar.archive().file("a", "hello").file("b", "x".repeat(100_000)).bytes();
  private final Digest diffId = Digest.of(archive);

  private int entries(byte[] stored) {
    try (var layer =
        LayerStream.open(new ByteArrayInputStream(stored), diffId, LayerLimits.DEFAULT)) {
      int count = 0;
      while (layer.next().isPresent()) {
        count++;
      }
      return count;
    }
  }

  static byte[] gzip(byte[] bytes) throws IOException {
    var out = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  @Test
  void compressionIsToldByTheBytes() throws IOException {
    assertThat(entries(archive)).isEqualTo(2);
    assertThat(entries(gzip(archive))).isEqualTo(2);
    assertThat(entries(Zstd.compress(archive))).isEqualTo(2);
  }

  @Test
  void gzipMayHaveManyMembers() throws IOException {
    var out = new ByteArrayOutputStream();
    for (int start = 0; start < archive.length; start += 1000) {
      out.writeBytes(
          gzip(Arrays.copyOfRange(archive, start, Math.min(start + 1000, archive.length))));
    }
    assertThat(entries(out.toByteArray())).isEqualTo(2);
  }

  /** notes/security.md 25. */
  @Test
  void otherContentThanTheDiffIdIsRefused() {
    var other = Tar.archive().file("a", "hullo").bytes();
    assertThatThrownBy(() -> entries(other))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DIGEST_MISMATCH));
  }

  /** notes/security.md 25. */
  @Test
  void truncatedOrDamagedCompressionIsRefused() throws IOException {
    for (var whole : new byte[][] {gzip(archive), Zstd.compress(archive)}) {
      for (int length = 8; length < whole.length; length += 7) {
        var cut = Arrays.copyOf(whole, length);
        assertThatThrownBy(() -> entries(cut)).isInstanceOf(ImageException.class);
        var damaged = whole.clone();
        damaged[length] ^= 0x55;
        assertThatThrownBy(
                () -> {
                  entries(damaged);
                  throw new ImageException(Kind.INVALID, "harmless damage to a header");
                })
            .isInstanceOf(ImageException.class);
      }
    }
  }
}
