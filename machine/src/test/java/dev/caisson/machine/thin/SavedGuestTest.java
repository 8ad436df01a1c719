/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.file.Directory;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is kept beside a machine comes back, or is refused with the place where it makes no sense.
 */
class SavedGuestTest {
  private static final SavedGuest GUEST =
      new SavedGuest(
          3,
          17,
          4,
          Map.of(1, 131072, 3, 0),
          List.of(
              new SavedGuest.Interface(2, List.of("10.0.0.2/16", "fd00::2/64")),
              new SavedGuest.Interface(3, List.of())),
          new HostProcessor("AuthenticAMD", Set.of("svm", "sse2")));

  @TempDir Path directory;

  @Test
  void itComesBack() throws IOException {
    Path file = directory.resolve("guest");
    GUEST.write(file);
    assertThat(SavedGuest.read(file)).isEqualTo(GUEST);
  }

  @Test
  void everyTruncationIsReadOrRefused() throws IOException {
    Path file = directory.resolve("guest");
    GUEST.write(file);
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length++) {
      Files.write(file, Arrays.copyOf(whole, length));
      readOrRefused(file);
    }
  }

  private static void readOrRefused(Path file) throws IOException {
    try {
      var _ = SavedGuest.read(file);
    } catch (SandboxException e) {
      assertThat(e.kind()).isEqualTo(SandboxException.Kind.INVALID);
      assertThat(e).hasMessageContaining("line ");
    }
  }

  @Test
  void nonsenseIsRefusedWithItsLine() throws IOException {
    Path file = directory.resolve("guest");
    GUEST.write(file);
    String text = Files.readString(file);
    var random = new Random(4711);
    for (int i = 0; i < 500; i++) {
      byte[] changed = text.getBytes(StandardCharsets.US_ASCII);
      changed[random.nextInt(changed.length)] = (byte) (' ' + random.nextInt(94));
      Files.write(file, changed);
      readOrRefused(file);
    }
    Files.writeString(file, text.replace("process 17", "process -1"));
    assertThatThrownBy(() -> SavedGuest.read(file)).hasMessageContaining("line 2");
    Files.writeString(file, "x".repeat((1 << 20) + 1));
    assertThatThrownBy(() -> SavedGuest.read(file)).hasMessageContaining("larger");
  }

  @Test
  void aProcessorThatLacksSomethingIsNamedWithIt() {
    var saved =
        HostProcessor.parse("vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm avx2\n\nflags: x");
    assertThat(saved).isEqualTo(new HostProcessor("AuthenticAMD", Set.of("fpu", "svm", "avx2")));
    new HostProcessor("AuthenticAMD", Set.of("fpu", "svm", "avx2", "avx512f")).require(saved);
    assertThatThrownBy(() -> new HostProcessor("AuthenticAMD", Set.of("fpu", "svm")).require(saved))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("avx2");
    assertThatThrownBy(() -> new HostProcessor("GenuineIntel", saved.flags()).require(saved))
        .hasMessageContaining("AuthenticAMD")
        .hasMessageContaining("GenuineIntel");
    assertThat(HostProcessor.parse("")).isEqualTo(new HostProcessor("", Set.of()));
  }

  @Test
  void aMachineIdIsRenewedWhereThereIsOne() throws IOException {
    String old = "0123456789abcdef0123456789abcdef";
    Files.createDirectories(directory.resolve("etc"));
    Path id = directory.resolve("etc/machine-id");
    try (var root = Directory.open(directory)) {
      assertThat(MachineId.renew(root)).isEmpty();
      Files.writeString(id, "");
      assertThat(MachineId.renew(root)).isEmpty();
      Files.writeString(id, "uninitialized\n");
      assertThat(MachineId.renew(root)).isEmpty();
      Files.writeString(id, old + "\n");
      assertThat(MachineId.renew(root)).containsExactly("etc/machine-id");
      assertThat(Files.readString(id)).matches("[0-9a-f]{32}\n").isNotEqualTo(old + "\n");
      Path outside = Files.writeString(directory.resolve("outside"), old);
      Files.delete(id);
      Files.createSymbolicLink(id, outside);
      assertThat(MachineId.renew(root)).isEmpty();
      assertThat(outside).hasContent(old);
    }
  }
}
