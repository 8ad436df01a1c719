/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;

/**
 * What a guest finds when it starts: our first process, the plan executor, and the modules without
 * which it could not reach its host. Uncompressed: unpacking would cost more than reading.
 */
public final class InitialFiles {
  /** Another number whenever the same parts make another file: files are kept by it. */
  public static final int FORM = 2;

  private InitialFiles() {}

  /**
   * @param init the guest's first process
   * @param executor what carries out launch plans
   * @param modules in load order
   */
  public static void write(Path target, byte[] init, byte[] executor, List<Path> modules)
      throws IOException {
    Path folder = Objects.requireNonNull(target.toAbsolutePath().getParent());
    // A name of its own: two machines may be the first at once.
    Path partial = Files.createTempFile(folder, "initial", ".part");
    try {
      write(partial, new Parts(init, executor, modules));
      Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rw-r--r--"));
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private record Parts(byte[] init, byte[] executor, List<Path> modules) {}

  private static void write(Path partial, Parts parts) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(partial), 1 << 16)) {
      try (var archive = new CpioArchive(out)) {
        for (String directory : List.of("dev", "proc", "sys", "run", "host", "modules")) {
          archive.directory(directory, 0755);
        }
        // Until devtmpfs is mounted, this is where messages of the first process go.
        archive.characterDevice("dev/console", 0600, 5, 1);
        archive.characterDevice("dev/null", 0666, 1, 3);
        archive.file("init", 0755, parts.init);
        archive.file("stub", 0755, parts.executor);
        var list = new StringBuilder();
        for (Path module : parts.modules) {
          String name = module.getFileName().toString();
          archive.file("modules/" + name, 0644, LeanModule.of(Files.readAllBytes(module)));
          list.append(name).append('\n');
        }
        archive.file("modules/list", 0644, list.toString().getBytes(StandardCharsets.UTF_8));
      }
    }
    try (FileChannel written = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      written.force(true); // kept for long: a power cut must not leave half of it under its name
    }
  }
}
