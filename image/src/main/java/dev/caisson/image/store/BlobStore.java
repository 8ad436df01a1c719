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
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Immutable bytes named by their digest, in the folder layout of an OCI image layout.
 *
 * <p>A blob appears by rename after its bytes were hashed and synced, so whatever is found under
 * {@code blobs} is complete and was correct when written.
 */
public final class BlobStore {
  private static final String UNNAMED = "new-";

  private final Path blobs;
  private final Path drafts;
  private final LockFile writers;

  BlobStore(Path root) {
    this.blobs = root.resolve("blobs");
    this.drafts = root.resolve("ingest");
    try {
      Files.createDirectories(blobs.resolve(Digest.SHA256));
      Files.createDirectories(blobs.resolve(Digest.SHA512));
      Files.createDirectories(drafts);
    } catch (IOException e) {
      throw ImageException.io(root.toString(), e);
    }
    this.writers = LockFile.at(root.resolve("ingest.lock"));
  }

  /** Where the blob is or would be. */
  public Path path(Digest digest) {
    return blobs.resolve(digest.algorithm()).resolve(digest.hex());
  }

  public boolean contains(Digest digest) {
    return Files.exists(path(digest));
  }

  /** Size in bytes. */
  public long size(Digest digest) {
    try {
      return Files.size(path(digest));
    } catch (IOException e) {
      throw failed(digest, e);
    }
  }

  /** The blob's bytes, unbuffered. */
  public InputStream open(Digest digest) {
    try {
      return Files.newInputStream(path(digest));
    } catch (IOException e) {
      throw failed(digest, e);
    }
  }

  /**
   * A whole small blob, hashed again.
   *
   * @param limit most bytes to read
   * @throws ImageException NOT_FOUND, TOO_LARGE, or DIGEST_MISMATCH when the disk lost bytes
   */
  public byte[] read(Digest digest, int limit) {
    try (var in = open(digest)) {
      var bytes = in.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw new ImageException(
            Kind.TOO_LARGE, "blob " + digest + " is longer than " + limit + " bytes");
      }
      var hash = digest.newHash();
      hash.update(bytes);
      if (!digest.matches(hash)) {
        throw new ImageException(
            Kind.DIGEST_MISMATCH,
            "blob " + digest + " is damaged on disk; remove the image and pull it again");
      }
      return bytes;
    } catch (IOException e) {
      throw failed(digest, e);
    }
  }

  /** Stores {@code bytes} unless they are there already. */
  public Digest put(byte[] bytes) {
    var digest = Digest.of(bytes);
    try (var writer = write(Descriptor.of("", digest, bytes.length))) {
      if (!writer.complete()) {
        writer.restart();
        writer.write(bytes, 0, bytes.length);
        writer.commit();
      }
    }
    return digest;
  }

  /**
   * Starts or resumes writing the blob {@code expected}, waiting while somebody else writes it; ask
   * {@link BlobWriter#complete} first.
   */
  public BlobWriter write(Descriptor expected) {
    var digest = expected.digest();
    var draft = digest.algorithm() + "-" + digest.hex();
    var lock = writers.lock(lockNumber(draft));
    return BlobWriter.open(this, drafts.resolve(draft), Optional.of(expected), lock);
  }

  /** Starts writing a blob whose digest will be known at its end. */
  public BlobWriter writeUnnamed() {
    var draft = UNNAMED + UUID.randomUUID();
    var lock = writers.lock(lockNumber(draft));
    return BlobWriter.open(this, drafts.resolve(draft), Optional.empty(), lock);
  }

  void delete(Digest digest) {
    try {
      Files.deleteIfExists(path(digest));
    } catch (IOException e) {
      throw failed(digest, e);
    }
  }

  List<Digest> list() {
    var digests = new ArrayList<Digest>();
    for (var algorithm : List.of(Digest.SHA256, Digest.SHA512)) {
      try (var files = Files.newDirectoryStream(blobs.resolve(algorithm))) {
        files.forEach(
            file -> Digest.tryParse(algorithm + ":" + file.getFileName()).ifPresent(digests::add));
      } catch (IOException e) {
        throw ImageException.io(blobs.toString(), e);
      }
    }
    return digests;
  }

  /**
   * Deletes drafts nobody is writing; a pull that wanted to resume one starts over.
   *
   * @param names a glob of those meant: {@link #ANY} or {@link #NAMELESS}
   */
  void deleteAbandonedDrafts(String names) {
    try (var files = Files.newDirectoryStream(drafts, names)) {
      for (var file : files) {
        var lock = writers.tryLock(lockNumber(file.getFileName().toString()));
        if (lock.isPresent()) {
          try (var _ = lock.get()) {
            Files.deleteIfExists(file);
          }
        }
      }
    } catch (IOException e) {
      throw ImageException.io(drafts.toString(), e);
    }
  }

  static final String ANY = "*";

  /** Drafts of content whose digest is told at its end: no other writer can go on with them. */
  static final String NAMELESS = UNNAMED + "*";

  // Two drafts that share a number only wait for each other.
  private static long lockNumber(String draft) {
    return Integer.toUnsignedLong(draft.hashCode());
  }

  private static ImageException failed(Digest digest, IOException cause) {
    return cause instanceof NoSuchFileException
        ? new ImageException(Kind.NOT_FOUND, "blob " + digest + " is not in the store", cause)
        : ImageException.io("blob " + digest, cause);
  }
}
