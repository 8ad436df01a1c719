/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.MemoryStorage;
import dev.caisson.disk.Tools;
import dev.caisson.disk.storage.FileStorage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class LuksDiskTest {
  private static final byte[] SECRET = "correct horse".getBytes(StandardCharsets.UTF_8);
  private static final byte[] OTHER = {0, (byte) 0xff, 10, 13};

  @TempDir private Path folder;

  static List<LuksOptions> everyCipher() {
    var cbc = CipherSpec.Mode.CBC;
    return List.of(
        LuksOptions.DEFAULT.withIterations(1000),
        new LuksOptions(CipherSpec.XTS_PLAIN64, 32, LuksHash.SHA1, 1000),
        new LuksOptions(
            new CipherSpec(cbc, CipherSpec.Iv.ESSIV, Optional.of(LuksHash.SHA256)),
            32,
            LuksHash.SHA512,
            1000),
        new LuksOptions(
            new CipherSpec(cbc, CipherSpec.Iv.PLAIN64, Optional.empty()),
            16,
            LuksHash.SHA256,
            1000));
  }

  @ParameterizedTest
  @MethodSource("everyCipher")
  void whatWasWrittenIsReadBackAfterReopening(LuksOptions options) {
    var path = folder.resolve("disk.luks");
    var random = new Random(7);
    var expected = new byte[1 << 20];
    random.nextBytes(expected);
    try (var disk = LuksDisk.create(create(path), expected.length, options, SECRET)) {
      disk.write(0, expected);
      for (int i = 0; i < 50; i++) { // parts of sectors, across their borders
        int from = random.nextInt(expected.length - 3000);
        var piece = new byte[1 + random.nextInt(3000)];
        random.nextBytes(piece);
        disk.write(from, piece);
        System.arraycopy(piece, 0, expected, from, piece.length);
      }
    }
    try (var disk = LuksDisk.open(open(path), SECRET)) {
      assertThat(disk.read(0, expected.length)).isEqualTo(expected);
      assertThat(disk.read(777, 5000)).isEqualTo(java.util.Arrays.copyOfRange(expected, 777, 5777));
    }
  }

  /** Each thread beyond the first makes its cipher late, when the master key is wiped already. */
  @Test
  void manyThreadsWriteUnderTheSameKey() throws Exception {
    var storage = new MemoryStorage(new byte[0]);
    var options = LuksOptions.DEFAULT.withIterations(1000);
    var piece = new byte[1 << 20];
    Arrays.fill(piece, (byte) 5);
    try (var disk = LuksDisk.create(storage, 8 << 20, options, SECRET);
        var pool = Executors.newFixedThreadPool(8)) {
      var together = new CyclicBarrier(8);
      List<Future<?>> writers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        long at = (long) i << 20;
        writers.add(
            pool.submit(() -> {
              together.await();
              disk.write(at, piece);
              return at;
            }));
      }
      for (var writer : writers) {
        writer.get();
      }
    }
    try (var disk = LuksDisk.open(storage, SECRET)) {
      for (int i = 0; i < 8; i++) {
        assertThat(disk.read((long) i << 20, 1 << 20)).isEqualTo(piece);
      }
    }
  }

  @Test
  void addedKeysOpenAndRemovedKeysDoNot() {
    var path = folder.resolve("disk.luks");
    try (var disk = fresh(path)) {
      var container = disk.container();
      try (var master = container.unlock(SECRET)) {
        assertThat(container.addKey(master, OTHER, 1000)).isEqualTo(1);
      }
      container.removeKey(0);
    }
    try (var disk = LuksDisk.open(open(path), OTHER)) {
      assertThatThrownBy(() -> disk.container().unlock(SECRET)).hasMessageContaining("no key slot");
      assertThatThrownBy(() -> disk.container().removeKey(1)).hasMessageContaining("the last");
    }
  }

  @Test
  void aNinthKeyIsRefused() {
    try (var disk = fresh(folder.resolve("disk.luks"));
        var master = disk.container().unlock(SECRET)) {
      for (int i = 1; i < LuksHeader.SLOTS; i++) {
        disk.container().addKey(master, new byte[] {(byte) i}, 1000);
      }
      assertThatThrownBy(() -> disk.container().addKey(master, OTHER, 1000))
          .hasMessageContaining("all 8 key slots");
    }
  }

  @Test
  void aWrongPassphraseIsASecretError() {
    fresh(folder.resolve("disk.luks")).close();
    assertThatThrownBy(() -> LuksDisk.open(open(folder.resolve("disk.luks")), OTHER))
        .isInstanceOfSatisfying(
            DiskException.class,
            refused -> assertThat(refused.kind()).isEqualTo(DiskException.Kind.SECRET));
  }

  @Test
  @Tag("integration")
  void anEmptyPassphraseWorksAsInQemu() throws Exception {
    Tools.need("qemu-io");
    var path = folder.resolve("disk.luks");
    LuksDisk.create(create(path), 1 << 20, LuksOptions.DEFAULT.withIterations(1000), new byte[0])
        .close();
    LuksDisk.open(open(path), new byte[0]).close();
  }

  @ParameterizedTest
  @CsvSource({
    "aes-256, xts, plain64, sha256",
    "aes-128, xts, plain64, sha1",
    "aes-256, cbc, essiv, sha512",
    "aes-128, cbc, plain, sha256"
  })
  @Tag("integration")
  void readsWhatQemuWrites(String cipher, String mode, String iv, String hash) throws Exception {
    Tools.need("qemu-img", "qemu-io");
    var path = folder.resolve("disk.luks");
    String ivHash = iv.equals("essiv") ? ",ivgen-hash-alg=sha256" : "";
    Tools.run(
        "qemu-img",
        "create",
        "-q",
        "--object",
        "secret,id=s,data=correct horse",
        "-f",
        "luks",
        "-o",
        "key-secret=s,iter-time=10,cipher-alg=%s,cipher-mode=%s,ivgen-alg=%s%s,hash-alg=%s"
            .formatted(cipher, mode, iv, ivHash, hash),
        path.toString(),
        "2M");
    qemuIo(path, "write -P 0x5a 1000 5000", "write -P 0xa5 1M 64k");
    try (var disk = LuksDisk.open(open(path), SECRET)) {
      assertThat(disk.size()).isEqualTo(2 << 20);
      assertThat(disk.read(1000, 5000)).isEqualTo(Tools.filled(5000, 0x5a));
      assertThat(disk.read(1 << 20, 64 << 10)).isEqualTo(Tools.filled(64 << 10, 0xa5));
      disk.write(300_000, new byte[] {1, 1, 1});
    }
    qemuIo(path, "read -v -P 1 300000 3", "read -P 0x5a 1000 5000");
  }

  @ParameterizedTest
  @MethodSource("everyCipher")
  @Tag("integration")
  void qemuReadsWhatWeWrite(LuksOptions options) {
    Tools.need("qemu-io");
    var path = folder.resolve("disk.luks");
    try (var disk = LuksDisk.create(create(path), 1 << 20, options, SECRET)) {
      disk.write(0, Tools.filled(100_000, 0x11));
      disk.write(123_456, Tools.filled(7, 0x22));
    }
    qemuIo(path, "read -P 0x11 0 100000", "read -P 0x22 123456 7");
  }

  private static void qemuIo(Path path, String... commands) {
    var line = new java.util.ArrayList<String>(List.of("qemu-io"));
    for (String command : commands) {
      line.addAll(List.of("-c", command));
    }
    line.addAll(
        List.of(
            "--object",
            "secret,id=s,data=correct horse",
            "--image-opts",
            "driver=luks,key-secret=s,file.filename=" + path));
    String output = Tools.run(line.toArray(String[]::new));
    assertThat(output).doesNotContain("verification failed");
  }

  private static LuksDisk fresh(Path path) {
    return LuksDisk.create(create(path), 1 << 20, LuksOptions.DEFAULT.withIterations(1000), SECRET);
  }

  private static FileStorage create(Path path) {
    return FileStorage.create(path, FileStorage.Sharing.LOCKED);
  }

  private static FileStorage open(Path path) {
    return FileStorage.open(path, true, FileStorage.Sharing.LOCKED);
  }
}
