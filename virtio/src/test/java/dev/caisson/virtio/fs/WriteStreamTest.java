/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class WriteStreamTest {
  private static final long MIB = 1 << 20;

  private final WriteStream stream = new WriteStream();

  @Test
  void aStreamIsToldInPiecesOnceItIsLong() {
    assertThat(write(0, WriteStream.STREAM - MIB)).isFalse();
    assertThat(stream.wrote(WriteStream.STREAM - MIB, MIB)).isTrue();
    assertThat(stream.next()).isEqualTo(new WriteStream.Piece(0, WriteStream.STREAM));
    assertThat(write(WriteStream.STREAM, WriteStream.PIECE - MIB)).isFalse();
    assertThat(write(WriteStream.STREAM + WriteStream.PIECE - MIB, MIB)).isTrue();
    assertThat(stream.next())
        .isEqualTo(new WriteStream.Piece(WriteStream.STREAM, WriteStream.PIECE));
  }

  @Test
  void whatAnotherThreadToldIsNotToldAgain() {
    write(0, WriteStream.STREAM);
    stream.next();
    assertThat(stream.next().length()).isZero();
  }

  @Test
  void writesHereAndThereAreNoStream() {
    for (long at = 0; at < 4 * WriteStream.STREAM; at += 2 * MIB) {
      assertThat(stream.wrote(at, MIB)).isFalse();
    }
    assertThat(stream.next().length()).isZero();
  }

  @Test
  void smallWritesAreNoStream() {
    for (long at = 0; at < 2 * WriteStream.STREAM; at += 4096) {
      assertThat(stream.wrote(at, 4096)).isFalse();
    }
  }

  @Test
  void aSecondPassBeginsAnew() {
    write(0, WriteStream.STREAM);
    stream.next();
    assertThat(write(0, WriteStream.STREAM - MIB)).isFalse();
    assertThat(stream.wrote(WriteStream.STREAM - MIB, MIB)).isTrue();
    assertThat(stream.next().offset()).isZero();
  }

  @Test
  void aDiskThatIsBehindIsLeftAlone() {
    write(0, WriteStream.STREAM);
    stream.next();
    stream.told(WriteStream.SLOW_NANOS + 1);
    assertThat(write(WriteStream.STREAM, 4 * WriteStream.STREAM)).isFalse();
  }

  /** In writes of a MiB; answers whether a piece was due after the last. */
  private boolean write(long from, long length) {
    boolean due = false;
    for (long at = from; at < from + length; at += MIB) {
      due = stream.wrote(at, MIB);
    }
    return due;
  }
}
