/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;

import dev.caisson.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenFileTest {
  @TempDir Path temporary;

  private OpenFile create(String name) {
    return OpenFile.open(temporary.resolve(name), 0600, OpenFlag.CREATE, OpenFlag.READ_WRITE);
  }

  @Test
  void readsBackWhatWasWritten() {
    try (OpenFile file = create("f");
        Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocateFrom("hello");
      file.writeFully(text, 1 << 20);
      assertThat(file.status().size()).isEqualTo((1 << 20) + 6);
      MemorySegment back = arena.allocate(16);
      assertThat(file.readFully(back, 1 << 20)).isEqualTo(6);
      assertThat(back.getString(0)).isEqualTo("hello");
    }
  }

  @Test
  void holesAreFoundAndPunched() {
    try (OpenFile file = create("f");
        Arena arena = Arena.ofConfined()) {
      file.truncate(1 << 20);
      file.writeFully(arena.allocate(8192).fill((byte) 1), 512 << 10);
      assertThat(file.nextData(0)).hasValue(512 << 10);
      assertThat(file.nextHole(512 << 10)).hasValue((512 << 10) + 8192);
      assertThat(file.nextData(900 << 10)).isEmpty();
      assumeThatCode(() -> file.punchHole(512 << 10, 8192)).doesNotThrowAnyException();
      assertThat(file.nextData(0)).isEmpty();
    }
  }

  @Test
  void copiesInsideTheKernel() {
    try (OpenFile from = create("from");
        OpenFile to = create("to");
        Arena arena = Arena.ofConfined()) {
      from.writeFully(arena.allocateFrom("0123456789"), 0);
      assertThat(from.copyTo(to, 2, 0, 4)).isEqualTo(4);
      assertThat(temporary.resolve("to")).hasContent("2345");
    }
  }

  @Test
  void attributesBelongToTheInodeNotItsLink() {
    try (OpenFile file = create("f")) {
      ExtendedAttributes attributes = ExtendedAttributes.of(file.fd());
      assumeThatCode(() -> attributes.set("user.note", new byte[] {1, 0, 2}))
          .doesNotThrowAnyException();
      assertThat(ExtendedAttributes.of(temporary.resolve("f")).get("user.note"))
          .hasValueSatisfying(v -> assertThat(v).containsExactly(1, 0, 2));
      assertThat(attributes.names()).contains("user.note");
      assertThat(attributes.get("user.other")).isEmpty();
    }
  }

  @Test
  void twoDescriptionsOfOneFileExcludeEachOther() {
    try (OpenFile first = create("f");
        Fd second = Directory.openFile(temporary.resolve("f"), 0, OpenFlag.READ_WRITE)) {
      assertThat(FileLock.tryLock(first.fd(), false)).isTrue();
      assertThat(FileLock.tryLock(second, true)).isFalse();
      assertThat(FileLock.tryLockRange(first.fd(), 100, 1, false)).isTrue();
      assertThat(FileLock.tryLockRange(second, 100, 1, true)).isFalse();
      assertThat(FileLock.tryLockRange(second, 101, 1, false)).isTrue();
      FileLock.unlockRange(first.fd(), 100, 1);
      assertThat(FileLock.tryLockRange(second, 100, 1, true)).isTrue();
    }
  }
}
