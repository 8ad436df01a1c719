/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.image.model.Descriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** notes/security.md 35 and 37, for blobs: a writer is killed, and the disk is full. */
class InterruptedWriteTest {
  private static final Descriptor BLOB = Descriptor.of("", content());

  @TempDir Path folder;

  private static byte[] content() {
    var bytes = new byte[8 << 20];
    new Random(166).nextBytes(bytes);
    return bytes;
  }

  /** What the killed process runs: writes slowly, tells when it has begun, and never finishes. */
  static final class SlowWriter {
    private SlowWriter() {}

    public static void main(String[] arguments) throws InterruptedException {
      var store = ImageStore.open(Path.of(arguments[0]));
      var lease = store.lease();
      lease.keep(List.of(BLOB.digest()));
      var writer = store.blobs().write(BLOB);
      var bytes = content();
      for (int done = 0; done < bytes.length / 2; done += 64 << 10) {
        writer.write(bytes, done, 64 << 10);
      }
      System.out.println("half");
      Thread.sleep(600_000);
    }
  }

  @Test
  void aKilledWriterLeavesADraftThatTheNextOneFinishes() throws Exception {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath(),
                SlowWriter.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var output = process.inputReader()) {
      assertThat(output.readLine()).isEqualTo("half");
    } finally {
      process.destroyForcibly();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
    var store = ImageStore.open(folder);
    assertThat(store.blobs().list()).isEmpty();
    try (var writer = store.blobs().write(BLOB)) {
      assertThat(writer.position()).isEqualTo(BLOB.size() / 2);
      var bytes = content();
      writer.write(bytes, bytes.length / 2, bytes.length - bytes.length / 2);
      writer.commit();
    }
    assertThat(store.blobs().read(BLOB.digest(), 16 << 20)).isEqualTo(content());
    // The dead process's lease holds nothing back.
    store.prune(true, _ -> true);
    assertThat(store.blobs().list()).isEmpty();
    assertThat(folder.resolve("leases")).isEmptyDirectory();
  }

  private static String classPath() {
    var modules = System.getProperty("jdk.module.path", "");
    var classes = System.getProperty("java.class.path", "");
    return "target/test-classes:target/classes:" + modules + ":" + classes;
  }

  @Test
  void draftsNobodyWritesArePruned() throws IOException {
    var store = ImageStore.open(folder);
    try (var writer = store.blobs().write(BLOB)) {
      writer.write(content(), 0, 1000);
    }
    assertThat(folder.resolve("ingest")).isNotEmptyDirectory();
    store.prune(false, _ -> false);
    assertThat(folder.resolve("ingest")).isEmptyDirectory();
  }

  @Test
  void whoBeginsToFollowAtTheCommitFindsTheBlob() throws Exception {
    var store = ImageStore.open(folder);
    for (int round = 0; round < 300; round++) {
      var bytes = ("round " + round).getBytes(java.nio.charset.StandardCharsets.UTF_8);
      var blob = Descriptor.of("", bytes);
      try (var writer = store.blobs().write(blob)) {
        writer.write(bytes, 0, bytes.length);
        var begin = new java.util.concurrent.CountDownLatch(1);
        var followers =
            CompletableFuture.runAsync(() -> {
              begin.countDown();
              while (!writer.complete()) {
                follow(writer);
              }
              follow(writer);
            });
        begin.await();
        writer.commit();
        followers.get(30, java.util.concurrent.TimeUnit.SECONDS);
      }
    }
  }

  private static void follow(BlobWriter writer) {
    try (var _ = writer.follow()) {
      // there is one
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void followersSeeTheEndOnlyAfterTheCommit() throws Exception {
    var store = ImageStore.open(folder);
    try (var writer = store.blobs().write(BLOB)) {
      var follower = writer.follow();
      var read =
          CompletableFuture.supplyAsync(() -> {
            try (follower) {
              return follower.readAllBytes();
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
      var bytes = content();
      writer.write(bytes, 0, bytes.length);
      assertThat(read).isNotDone();
      writer.commit();
      assertThat(read.get(60, TimeUnit.SECONDS)).isEqualTo(bytes);
    }
  }
}
