/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.DirectoryEntry;
import dev.caisson.linux.file.RenameMode;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/**
 * Removes big trees without making anybody wait: a tree is renamed away at once and deleted in the
 * background, after a crash by the next process that opens the same trash.
 */
public final class Trash implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Trash.class.getName());

  /** A tree may still get a last file from one who had it open when it was discarded. */
  private static final int ATTEMPTS = 5;

  private final Directory folder;
  private final ExecutorService worker;

  private Trash(Directory folder) {
    this.folder = folder;
    this.worker =
        Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("trash").factory());
    DirectoryEntry.list(folder.fd()).forEach(left -> delete(left.name()));
  }

  /** The trash at {@code path}, which must be on the file system of what it will receive. */
  public static Trash open(Path path) {
    return new Trash(Folders.open(path));
  }

  /** Takes {@code name} out of {@code parent}; nothing happens when it is not there. */
  public void discard(Directory parent, String name) {
    var unique = UUID.randomUUID().toString();
    try {
      parent.rename(name, folder, unique, RenameMode.NO_REPLACE);
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return;
      }
      throw e;
    }
    delete(unique);
  }

  private void delete(String name) {
    try {
      worker.execute(() -> deleteNow(name));
    } catch (RejectedExecutionException _) {
      // closing; the next process deletes it
    }
  }

  private void deleteNow(String name) {
    for (int left = ATTEMPTS; left > 0; left--) {
      try {
        TreeRemoval.remove(folder, name);
        return;
      } catch (LinuxException e) {
        if (left == 1 || !e.is(Errno.ENOTEMPTY)) {
          LOG.log(Level.WARNING, "cannot delete {0} from the trash: {1}", name, e.getMessage());
          return;
        }
      }
    }
  }

  /** Waits until everything discarded is deleted. */
  @Override
  public void close() {
    worker.close();
    folder.close();
  }
}
