/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Header;
import java.util.function.Supplier;

/** Who may do what with an open image: readers and guest writers together, or one alone. */
public final class DiskGate {
  private final Image image;
  private volatile boolean closed;

  public DiskGate(Image image) {
    this.image = image;
  }

  /** Whether guest bytes are encrypted and no key opened them. */
  boolean sealed() {
    return image.header().cryptMethod() == Header.CRYPT_LUKS && image.cipher().isEmpty();
  }

  /** Beside others who read. */
  public <T> T shared(Supplier<T> look) {
    image.gate.readLock().lock();
    try {
      requireOpen();
      return look.get();
    } finally {
      image.gate.readLock().unlock();
    }
  }

  /** With nobody else inside. */
  public <T> T exclusively(Supplier<T> change) {
    image.gate.writeLock().lock();
    try {
      requireOpen();
      return change.get();
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  /** As {@link #exclusively(Supplier)}, on a disk that may be written. */
  public void change(Runnable change) {
    requireWritable();
    exclusively(() -> {
      change.run();
      return 0;
    });
  }

  /** Closes for all who come later; false if that was done before. The last ones have left. */
  public boolean close(Runnable farewell) {
    image.gate.writeLock().lock();
    try {
      if (closed) {
        return false;
      }
      try {
        farewell.run();
      } finally {
        closed = true;
      }
      return true;
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  public void requireOpen() {
    if (closed) {
      throw new DiskException(DiskException.Kind.CLOSED, image.name() + ": is closed");
    }
  }

  public void requireWritable() {
    if (!image.file().writable()) {
      throw new DiskException(
          DiskException.Kind.READ_ONLY, image.name() + ": was opened for reading only");
    }
  }

  public void requireKey() {
    if (sealed()) {
      throw new DiskException(
          DiskException.Kind.SECRET, image.name() + ": is encrypted; give its password");
    }
  }
}
