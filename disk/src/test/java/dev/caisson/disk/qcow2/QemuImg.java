/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.Tools;
import java.util.stream.Stream;

/** The distribution's qemu-img and qemu-io, as oracles. */
public final class QemuImg {
  private QemuImg() {}

  public static void require() {
    Tools.need("qemu-img", "qemu-io");
  }

  public static Tools.Result run(String... arguments) {
    return Tools.tryRun(words("qemu-img", arguments));
  }

  public static Tools.Result io(String... arguments) {
    return Tools.tryRun(words("qemu-io", arguments));
  }

  /** Runs and expects exit code 0. */
  public static String must(String... arguments) {
    return Tools.run(words("qemu-img", arguments));
  }

  private static String[] words(String program, String... arguments) {
    return Stream.concat(Stream.of(program), Stream.of(arguments)).toArray(String[]::new);
  }
}
