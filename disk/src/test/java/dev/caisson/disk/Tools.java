/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** Programs of other projects that tests ask for a second opinion. */
public final class Tools {
  /** What qemu-img says when the machine was too busy for it to time its key derivation. */
  private static final String UNTIMED = "Unable to get accurate CPU usage";

  private static final int ATTEMPTS = 10;

  private Tools() {}

  /** Skips the test unless all of {@code names} are installed. */
  public static void need(String... names) {
    for (String name : names) {
      boolean there =
          Stream.of(System.getenv("PATH").split(":"))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
      Assumptions.assumeTrue(there, name + " is not installed");
    }
  }

  /** Runs a program to its end, which must be a good one, and returns what it printed. */
  public static String run(String... command) {
    var result = tryRun(command);
    for (int i = 1; i < ATTEMPTS && result.output().contains(UNTIMED); i++) {
      result = tryRun(command);
    }
    assertThat(result.exitCode()).as("%s%n%s", String.join(" ", command), result.output()).isZero();
    return result.output();
  }

  /** How a program ended. */
  public record Result(int exitCode, String output) {}

  /** Runs a program to its end. */
  public static Result tryRun(String... command) {
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes());
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
      return new Result(process.waitFor(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Bytes that are all the same; comparing arrays is far quicker than looking at each element. */
  public static byte[] filled(int length, int value) {
    var bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /**
   * A raw file with data, zeroes and holes, always the same for a seed.
   *
   * @param size a multiple of 64 KiB
   */
  public static Path mixedFile(Path path, int size, long seed) throws IOException {
    var random = new Random(seed);
    var bytes = new byte[size];
    for (int at = 0; at < size; at += 64 << 10) {
      if (random.nextInt(3) == 0) {
        var piece = new byte[64 << 10];
        if (random.nextBoolean()) {
          random.nextBytes(piece);
        } else {
          Arrays.fill(piece, (byte) random.nextInt());
        }
        int from = random.nextInt(3) * 512;
        System.arraycopy(piece, from, bytes, at + from, piece.length - from);
      }
    }
    Files.write(path, bytes);
    return path;
  }
}
