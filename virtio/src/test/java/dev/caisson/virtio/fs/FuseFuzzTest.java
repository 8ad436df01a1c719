/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import static dev.caisson.virtio.fs.FuseClient.name;
import static dev.caisson.virtio.fs.FuseClient.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.VirtioException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Line 52: requests of the right form about files that are there, from several queues at once, as a
 * guest makes them who wants out. {@code -Dfuzz.seconds=N} for longer.
 */
class FuseFuzzTest {
  private static final int QUEUES = 3;
  private static final int CLIENT_REQUESTS = 400; // a client keeps its memory until it is closed
  private static final long ROUNDS = 40;
  private static final int KNOWN = 200;
  private static final List<String> NAMES =
      List.of("a", "b", "d", "pipe", "out", "secret", "..", ".", "", "a/b", "x".repeat(255), "é\n");
  private static final int[] OPCODES = {
    1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 24, 26, 27, 28, 29,
    30, 35, 38, 42, 43, 44, 45, 46, 47
  };

  @TempDir Path directory;

  @Test
  @Timeout(900)
  void noRequestLeavesTheShareOrTheServerOrADescriptor() throws Exception {
    Path outside = Files.writeString(directory.resolve("secret"), "secret");
    Path share = directory.resolve("share");
    long before = descriptors();
    long seconds = Long.getLong("fuzz.seconds", 0);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    for (long seed = 0; seconds > 0 ? System.nanoTime() < end : seed < ROUNDS; seed++) {
      populate(share);
      round(share, seed);
      assertThat(outside).hasContent("secret");
      try (var entries = Files.list(directory)) {
        assertThat(entries).as("seed " + seed).hasSize(2);
      }
    }
    assertThat(descriptors()).isLessThan(before + 30); // others of this process come and go
  }

  private static long descriptors() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  /** A tree as it was, whatever the round before made of it. */
  private static void populate(Path share) throws Exception {
    run("rm", "-rf", share.toString());
    Files.createDirectories(share.resolve("d"));
    Files.writeString(share.resolve("d/b"), "b");
    Files.writeString(share.resolve("a"), "a");
    run("mkfifo", share.resolve("pipe").toString());
    Files.createSymbolicLink(share.resolve("out"), Path.of("../secret"));
  }

  private static void run(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
  }

  private static void round(Path share, long seed) {
    var root = Directory.openFile(share, 0, OpenFlag.PATH);
    var budget = new DescriptorBudget(2 * KNOWN);
    var exports = List.of(new Export("root", root, seed % 5 == 4, 1));
    try (FuseServer server = new FuseServer(exports, KNOWN, true, budget)) {
      List<CompletableFuture<Void>> queues = new ArrayList<>();
      for (int queue = 0; queue < QUEUES; queue++) {
        var random = new Random(seed * QUEUES + queue);
        var done = new CompletableFuture<Void>();
        queues.add(done);
        Thread.ofPlatform()
            .start(() -> {
              try (FuseClient client = new FuseClient(server)) {
                for (int i = 0; i < CLIENT_REQUESTS; i++) {
                  ask(client, random);
                }
                done.complete(null);
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
      }
      queues.forEach(CompletableFuture::join);
    }
  }

  private static void ask(FuseClient client, Random random) {
    int opcode = OPCODES[random.nextInt(OPCODES.length)];
    if ((opcode == Opcode.INIT || opcode == Opcode.DESTROY) && random.nextInt(50) > 0) {
      return; // which forget everything
    }
    long node = random.nextInt(20) == 0 ? random.nextLong() : random.nextInt(12);
    byte[] body = body(opcode, random);
    byte[] cut = new byte[random.nextInt(10) == 0 ? random.nextInt(body.length + 1) : body.length];
    System.arraycopy(body, 0, cut, 0, cut.length);
    client.become(random.nextInt(4) == 0 ? 1000 : 0);
    try {
      client.ask(opcode, node, cut);
    } catch (VirtioException e) {
      assertThat(e.kind()).isEqualTo(VirtioException.Kind.GUEST);
    }
  }

  private static long number(Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> random.nextLong();
      case 1 -> -1;
      case 2 -> Integer.toUnsignedLong(random.nextInt());
      case 3 -> 1L << random.nextInt(64);
      default -> random.nextInt(12);
    };
  }

  private static byte[] body(int opcode, Random random) {
    int count =
        switch (opcode) {
          case Opcode.LOOKUP, Opcode.UNLINK, Opcode.RMDIR, Opcode.SYMLINK, Opcode.REMOVEXATTR -> 0;
          case Opcode.RENAME, Opcode.LINK, Opcode.MKDIR, Opcode.GETXATTR, Opcode.SETXATTR -> 1;
          case Opcode.CREATE, Opcode.MKNOD, Opcode.RENAME2, Opcode.FORGET -> 2;
          case Opcode.SETATTR -> 11;
          case Opcode.COPY_FILE_RANGE -> 7;
          default -> 5;
        };
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = number(random);
    }
    if (opcode == Opcode.FALLOCATE
        || opcode == Opcode.COPY_FILE_RANGE
        || opcode == Opcode.SETATTR) {
      for (int i = 1; i < count; i++) {
        values[i] &= 0xfffffff; // or the host's disk fills up
      }
    }
    if (opcode == Opcode.WRITE) {
      values[1] &= 0xfffffff;
      values[2] &= 0xff;
    }
    byte[] first = numbers(values);
    byte[] names = count > 4 ? new byte[random.nextInt(40)] : names(random);
    byte[] all = new byte[first.length + names.length];
    System.arraycopy(first, 0, all, 0, first.length);
    System.arraycopy(names, 0, all, first.length, names.length);
    return all;
  }

  private static byte[] names(Random random) {
    byte[] one = name(NAMES.get(random.nextInt(NAMES.size())));
    byte[] two = name(NAMES.get(random.nextInt(NAMES.size())));
    byte[] both = new byte[one.length + two.length];
    System.arraycopy(one, 0, both, 0, one.length);
    System.arraycopy(two, 0, both, one.length, two.length);
    return both;
  }
}
