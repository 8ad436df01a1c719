/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;

/**
 * A sandbox whose files can be copied in and out as tar streams, in any state. However the workload
 * changes links meanwhile, nothing outside its root is read or written.
 */
public interface Copyable {
  /**
   * What stands at a path.
   *
   * @param mode as stat(2) gives it, type included
   * @param link where a symbolic link leads, or empty text
   */
  record FileFacts(String name, long size, int mode, Instant modified, String link) {}

  /**
   * How an archive is put in place.
   *
   * @param keepKind refuse to put a directory in the place of a file, or the other way round
   * @param keepOwners take the archive's user and group numbers; else those of the root user
   */
  record CopyOptions(boolean keepKind, boolean keepOwners) {}

  /**
   * The last part of the path is not followed if it is a link.
   *
   * @throws dev.caisson.sandbox.SandboxException NOT_FOUND
   */
  FileFacts facts(String path);

  /** Writes the file or tree at a path as tar, named by the path's last part. */
  void copyOut(String path, OutputStream tar) throws IOException;

  /**
   * Unpacks a tar stream into a directory.
   *
   * @throws dev.caisson.sandbox.SandboxException NOT_FOUND if the directory is missing, INVALID if
   *     it is none or an entry breaks the options, DENIED on a read-only root or mount
   */
  void copyIn(String directory, InputStream tar, CopyOptions options) throws IOException;
}
