/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import dev.caisson.sandbox.workload.RootFilesystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** An image layer with the distribution's static busybox in it, made once for all tests. */
public final class BusyboxLayer {
  private static final Path BUSYBOX = Path.of("/bin/busybox");

  private BusyboxLayer() {}

  /** Makes the layer below a directory and answers the root file system of it. */
  public static RootFilesystem.Layers make(Path directory) {
    Assumptions.assumeTrue(
        Files.exists(BUSYBOX), "no static busybox; install the package busybox-static");
    try {
      Path bin = Files.createDirectories(directory.resolve("bin"));
      Files.copy(BUSYBOX, bin.resolve("busybox"));
      Process list = new ProcessBuilder(BUSYBOX.toString(), "--list").start();
      for (String applet : new String(list.getInputStream().readAllBytes()).split("\n")) {
        if (!applet.equals("busybox")) {
          Files.createSymbolicLink(bin.resolve(applet), Path.of("busybox"));
        }
      }
      for (String name : List.of("etc", "proc", "sys", "dev", "root", "tmp", "home/web")) {
        Files.createDirectories(directory.resolve(name));
      }
      Files.writeString(
          directory.resolve("etc/passwd"),
          """
          root:x:0:0:root:/root:/bin/sh
          web:x:33:44:web:/home/web:/bin/sh
          wraps:x:4294967296:0:wraps:/:/bin/sh
          """);
      Files.writeString(
          directory.resolve("etc/group"),
          """
          root:x:0:
          web:x:44:
          tape:x:26:web,other
          """);
      Files.writeString(directory.resolve("etc/motd"), "from the image\n");
      Files.writeString(bin.resolve("text"), "not a program\n");
      return new RootFilesystem.Layers(
          List.of(new RootFilesystem.Layer("busybox", directory)), 0, false);
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
  }
}
