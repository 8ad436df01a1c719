/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** The files of an image. */
public final class RootFiles {
  /** What the engine mounts on in every container, dated to the epoch where an image lacks it. */
  private static final Set<String> MOUNT_POINTS =
      Set.of("dev", "proc", "sys", "etc", "etc/hostname", "etc/hosts", "etc/resolv.conf");

  private RootFiles() {}

  /**
   * Writes all of them, merged, as one tar.
   *
   * @param scratch for a temporary file
   */
  public static void write(Engine engine, String image, Path scratch, OutputStream out)
      throws IOException {
    Path whole = Files.createTempFile(scratch, "root", ".tar");
    try {
      try (Workbench bench = Workbench.of(engine, image);
          OutputStream file = Files.newOutputStream(whole)) {
        engine.containers().export(bench.id(), file);
      }
      try (InputStream file = Files.newInputStream(whole)) {
        copyOwn(file, out);
      }
    } finally {
      Files.deleteIfExists(whole);
    }
  }

  private static void copyOwn(InputStream whole, OutputStream out) throws IOException {
    var entries = new TarArchiveInputStream(whole, "UTF-8");
    var tar = new TarArchiveOutputStream(out, "UTF-8"); // its owner closes the stream below
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    for (TarArchiveEntry entry = entries.getNextEntry();
        entry != null;
        entry = entries.getNextEntry()) {
      if (!isMountPoint(entry)) {
        tar.putArchiveEntry(entry);
        entries.transferTo(tar);
        tar.closeArchiveEntry();
      }
    }
    tar.finish();
    tar.flush();
  }

  private static boolean isMountPoint(TarArchiveEntry entry) {
    String name = entry.getName();
    String plain = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
    return MOUNT_POINTS.contains(plain.startsWith("./") ? plain.substring(2) : plain)
        && entry.getLastModifiedTime().toMillis() == 0
        && entry.getSize() == 0;
  }
}
