/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * A blob on its way into the store: a draft that becomes a blob by {@link #commit}.
 *
 * <p>A draft of a known digest outlives its writer, even one that was killed, so that the next one
 * continues at {@link #position}. One thread writes; others may {@link #follow} what is written.
 */
public final class BlobWriter implements AutoCloseable {
  private static final int BUFFER = 1 << 17;

  private final BlobStore store;
  private final Path draft;
  private final Optional<Descriptor> expected;
  private final LockFile.Held lock;
  private final Progress progress = new Progress();
  private final RandomAccessFile file;
  private MessageDigest hash;
  private volatile Optional<Digest> blob;

  private BlobWriter(BlobStore store, Path draft, Optional<Descriptor> expected, LockFile.Held lock)
      throws IOException {
    this.store = store;
    this.draft = draft;
    this.expected = expected;
    this.lock = lock;
    this.blob = expected.map(Descriptor::digest).filter(store::contains);
    this.file = new RandomAccessFile(draft.toFile(), "rw");
    this.hash = newHash();
    if (complete()) {
      progress.finish();
    } else {
      resume();
    }
  }

  static BlobWriter open(
      BlobStore store, Path draft, Optional<Descriptor> expected, LockFile.Held lock) {
    try {
      return new BlobWriter(store, draft, expected, lock);
    } catch (IOException e) {
      lock.close();
      throw ImageException.io(draft.toString(), e);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private void resume() throws IOException {
    if (expected.isPresent() && file.length() > expected.get().size()) {
      file.setLength(0);
    }
    var buffer = new byte[BUFFER];
    for (int n = file.read(buffer); n > 0; n = file.read(buffer)) {
      hash.update(buffer, 0, n);
      progress.advance(n);
    }
  }

  /** Whether the blob was in the store already, so that nothing is to be written. */
  public boolean complete() {
    return blob.isPresent();
  }

  /** Bytes there so far: where a resumed transfer continues. */
  public long position() {
    return progress.written();
  }

  /** Forgets what is there; writing starts at 0. Whoever follows gets an error. */
  public void restart() {
    try {
      progress.restart();
      file.setLength(0);
      file.seek(0);
      hash = newHash();
    } catch (IOException e) {
      throw ImageException.io(draft.toString(), e);
    }
  }

  /**
   * Appends bytes.
   *
   * @throws ImageException INVALID beyond the expected size; NO_SPACE or IO
   */
  public void write(byte[] bytes, int offset, int length) {
    if (expected.isPresent() && position() + length > expected.get().size()) {
      throw new ImageException(
          Kind.INVALID,
          subject() + " is longer than the " + expected.get().size() + " bytes announced");
    }
    try {
      file.write(bytes, offset, length);
    } catch (IOException e) {
      throw ImageException.io(subject(), e);
    }
    hash.update(bytes, offset, length);
    progress.advance(length);
  }

  /** Appends all of {@code in}. */
  public void writeAll(InputStream in) throws IOException {
    var buffer = new byte[BUFFER];
    for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
      write(buffer, 0, n);
    }
  }

  /** Appends whatever is written to it; unbuffered, and closing it does nothing. */
  public OutputStream output() {
    return new OutputStream() {
      @Override
      public void write(int b) {
        BlobWriter.this.write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        BlobWriter.this.write(bytes, offset, length);
      }
    };
  }

  /** The digest of the bytes there so far. */
  public Digest digestSoFar() {
    try {
      return Digest.finish((MessageDigest) hash.clone());
    } catch (CloneNotSupportedException e) {
      throw new AssertionError("the JDK's hashes can be cloned", e);
    }
  }

  /**
   * Makes the draft a blob.
   *
   * @return its digest
   * @throws ImageException DIGEST_MISMATCH or INVALID (too short), after which the draft is gone
   */
  public Digest commit() {
    if (blob.isPresent()) {
      return blob.get();
    }
    try {
      var actual = expected.isPresent() ? verified(expected.get()) : Digest.finish(hash);
      if (!store.contains(actual)) {
        file.getFD().sync();
      }
      settle(actual);
      progress.finish();
      return actual;
    } catch (IOException e) {
      throw ImageException.io(subject(), e);
    }
  }

  /** Whoever begins to {@link #follow} meanwhile finds the draft or the blob, not neither. */
  private synchronized void settle(Digest actual) throws IOException {
    if (store.contains(actual)) {
      Files.deleteIfExists(draft);
    } else {
      DurableFile.move(draft, store.path(actual));
    }
    blob = Optional.of(actual);
  }

  private Digest verified(Descriptor descriptor) {
    if (position() != descriptor.size()) {
      throw new ImageException(
          Kind.INVALID,
          subject()
              + " has "
              + position()
              + " bytes instead of the "
              + descriptor.size()
              + " announced");
    }
    if (!descriptor.digest().matches(hash)) {
      restart(); // a resume would only meet the same bytes again
      throw new ImageException(
          Kind.DIGEST_MISMATCH, subject() + ": the bytes received are not those of its digest");
    }
    return descriptor.digest();
  }

  /**
   * The blob's bytes from the start, also those not written yet: reading waits for them. The end is
   * seen only after {@link #commit}, so whoever reads to the end has read verified bytes; if the
   * writer closes without it, reading fails.
   */
  public synchronized InputStream follow() {
    try {
      return blob.isPresent()
          ? store.open(blob.get())
          : new FollowingStream(new RandomAccessFile(draft.toFile(), "r"), progress);
    } catch (IOException e) {
      throw ImageException.io(subject(), e);
    }
  }

  @Override
  public void close() {
    try (var _ = lock) {
      progress.fail();
      file.close();
      if (complete() || expected.isEmpty() || position() == 0) {
        Files.deleteIfExists(draft);
      }
    } catch (IOException e) {
      throw ImageException.io(subject(), e);
    }
  }

  private MessageDigest newHash() {
    return Digest.newHash(expected.map(d -> d.digest().algorithm()).orElse(Digest.SHA256));
  }

  private String subject() {
    return expected.map(d -> "blob " + d.digest()).orElse("blob being written");
  }
}
