/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.DiskFormat;
import java.util.List;
import java.util.Optional;

/**
 * How to open a disk. Start from {@link #READ} or {@link #WRITE}.
 *
 * @param format the format; empty to look at the file's first bytes (never done for a base)
 * @param unlocked open without locks, even while somebody writes: qemu-img's {@code -U}
 * @param syncing whether flush reaches stable storage
 * @param repairing whether an image marked dirty or corrupt may be opened for writing
 * @param alone leave the base away: unwritten bytes read as zero
 * @param bases which files an image may name
 * @param deepest how many files a chain may have
 * @param passphrases open encrypted images
 */
public record DiskOptions(
    boolean writable,
    Optional<DiskFormat> format,
    boolean unlocked,
    boolean syncing,
    boolean repairing,
    boolean alone,
    BasePolicy bases,
    int deepest,
    Passphrases passphrases) {

  /** Read-only, whatever regular files the image names. */
  public static final DiskOptions READ =
      new DiskOptions(
          false,
          Optional.empty(),
          false,
          true,
          false,
          false,
          BasePolicy.LOCAL,
          1024,
          Passphrases.NONE);

  /** As {@link #READ}, and writable. */
  public static final DiskOptions WRITE = READ.withWritable(true);

  /** Read-only, for images from strangers: qcow2 that names no other file. */
  public static final DiskOptions UNTRUSTED =
      READ.withFormat(DiskFormat.QCOW2).withBases(BasePolicy.NONE);

  public DiskOptions withWritable(boolean value) {
    return new DiskOptions(
        value, format, unlocked, syncing, repairing, alone, bases, deepest, passphrases);
  }

  public DiskOptions withFormat(DiskFormat value) {
    return withFormat(Optional.of(value));
  }

  public DiskOptions withFormat(Optional<DiskFormat> value) {
    return new DiskOptions(
        writable, value, unlocked, syncing, repairing, alone, bases, deepest, passphrases);
  }

  public DiskOptions withUnlocked(boolean value) {
    return new DiskOptions(
        writable, format, value, syncing, repairing, alone, bases, deepest, passphrases);
  }

  public DiskOptions withSyncing(boolean value) {
    return new DiskOptions(
        writable, format, unlocked, value, repairing, alone, bases, deepest, passphrases);
  }

  public DiskOptions withRepairing(boolean value) {
    return new DiskOptions(
        writable, format, unlocked, syncing, value, alone, bases, deepest, passphrases);
  }

  public DiskOptions withAlone(boolean value) {
    return new DiskOptions(
        writable, format, unlocked, syncing, repairing, value, bases, deepest, passphrases);
  }

  public DiskOptions withBases(BasePolicy value) {
    return new DiskOptions(
        writable, format, unlocked, syncing, repairing, alone, value, deepest, passphrases);
  }

  public DiskOptions withDeepest(int value) {
    return new DiskOptions(
        writable, format, unlocked, syncing, repairing, alone, bases, value, passphrases);
  }

  public DiskOptions withPassword(String value) {
    return withPassphrases(Passphrases.of(List.of(value)));
  }

  public DiskOptions withPassphrases(Passphrases value) {
    return new DiskOptions(
        writable, format, unlocked, syncing, repairing, alone, bases, deepest, value);
  }
}
