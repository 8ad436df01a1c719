/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.check.Repair;
import dev.caisson.disk.qcow2.format.FeatureNames;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.FirstCluster;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import dev.caisson.disk.qcow2.image.DiskGate;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;

/**
 * Changes what the header of an open image says, and what of the file depends on that. Each change
 * is whole on disk when its method returns; a kill in between leaves the image as it was, with
 * leaked clusters at worst.
 */
public final class Amendment {
  private final Image image;
  private final DiskGate gate;
  private final Runnable settleBitmaps;

  Amendment(Image image, DiskGate gate, Runnable settleBitmaps) {
    this.image = image;
    this.gate = gate;
    this.settleBitmaps = settleBitmaps;
  }

  /** Names another base in the header; contents are the caller's concern. */
  public void base(Optional<String> name, Optional<String> format) {
    if (name.isPresent() && image.header().rawExternal()) {
      throw refused("its data file is a raw disk by itself, which stands on no base");
    }
    rewrite(first -> first.withBacking(name, format));
  }

  /**
   * Whether other programs may write refcounts late.
   *
   * @throws DiskException UNSUPPORTED for version 2
   */
  public void lazyRefcounts(boolean on) {
    if (on && image.header().version() < 3) {
      throw refused("lazy refcounts need version 3; amend it with compat=1.1 too");
    }
    if (image.header().version() >= 3) {
      long others = image.header().compatible() & ~Features.LAZY_REFCOUNTS;
      rewriteHeader(header -> header.withCompatible(others | (on ? Features.LAZY_REFCOUNTS : 0)));
    }
  }

  /** Says under which other name the external data file is found. */
  public void dataFile(String name) {
    if (!image.external()) {
      throw refused("it has no external data file; convert it with -o data_file=");
    }
    rewrite(first -> first.withExtension(HeaderExtension.DATA_FILE, name.getBytes(UTF_8)));
  }

  /** Whether the external data file alone shall stay a valid raw disk; it can only be given up. */
  public void rawDataFile(boolean on) {
    if (on && !image.header().rawExternal()) {
      throw refused(
          "its data file is no valid raw disk now; convert it with -o data_file=,data_file_raw=on");
    }
    if (!on && image.external()) {
      rewriteHeader(header ->
          header.withFeatures(header.incompatible(), header.autoclear() & ~Features.RAW_EXTERNAL));
    }
  }

  /**
   * Makes it an image of version 2 or 3. Version 2 has neither zero clusters, which get bytes, nor
   * dirty bitmaps, which go.
   *
   * @param disk the image itself, opened without its base
   * @throws DiskException UNSUPPORTED if version 2 cannot say what the image says
   */
  public void version(int version, Qcow2Disk disk) {
    if (version == image.header().version()) {
      return;
    }
    if (version == 3) {
      gate.change(() -> new SnapshotStore(image).widen());
      rewrite(first -> withFeatureNames(first.withHeader(first.header().upgraded())));
      return;
    }
    var downgrade = new Downgrade(image);
    downgrade.check();
    disk.bitmapEditor().removeAll();
    disk.flush();
    downgrade.expand(disk);
    disk.flush();
    rewrite(Downgrade::first);
  }

  private static FirstCluster withFeatureNames(FirstCluster first) {
    return first.header().clusterBits() < 10
        ? first
        : first.withExtension(HeaderExtension.FEATURE_NAMES, FeatureNames.TABLE);
  }

  /**
   * Counts the users of each cluster in another width.
   *
   * @param bits 1, 2, 4, ... 64
   * @throws DiskException UNSUPPORTED for version 2, or if some cluster has more users than that
   */
  public void refcountBits(int bits) {
    if (Integer.bitCount(bits) != 1 || bits > 64) {
      throw refused("refcounts of " + bits + " bits; have 1, 2, 4, 8, 16, 32 and 64");
    }
    int order = Integer.numberOfTrailingZeros(bits);
    if (order == image.header().refcountOrder()) {
      return;
    }
    if (image.header().version() < 3) {
      throw refused("refcounts other than 16 bits need version 3; amend it with compat=1.1 too");
    }
    gate.change(() -> {
      image.writeBack();
      new Repair(image).recount(order);
    });
  }

  /**
   * Gives an image without any contents an encryption header.
   *
   * @param bytes its length
   * @param writer writes it, given the file and the offset in it
   */
  public void encrypt(long bytes, BiConsumer<Storage, Long> writer) {
    gate.change(() -> {
      var geometry = image.geometry();
      long offset = image.allocator().allocate(geometry.clusters(bytes));
      long end = offset + geometry.alignUp(bytes);
      if (image.file().size() < end) {
        image.file().truncate(end);
      }
      image.file().zero(offset, end - offset); // the cluster may have been used before
      image.writeBack();
      writer.accept(image.file(), offset);
      var place = ByteBuffer.allocate(16).putLong(offset).putLong(bytes);
      image.barrier();
      image.writeFirst(
          image
              .first()
              .withHeader(image.header().withEncryption(Header.CRYPT_LUKS))
              .withExtension(HeaderExtension.ENCRYPTION, place.array()));
      image.barrier();
      image.forgetCounting();
    });
  }

  /** Hands the file, and where the encryption header stands in it, to {@code reader}. */
  public <T> Optional<T> encryption(BiFunction<Storage, Long, T> reader) {
    return image.encryptionHeader().map(place -> reader.apply(image.file(), place.offset()));
  }

  private void rewriteHeader(UnaryOperator<Header> change) {
    rewrite(first -> first.withHeader(change.apply(first.header())));
  }

  private void rewrite(UnaryOperator<FirstCluster> change) {
    gate.change(() -> {
      settleBitmaps.run();
      image.writeBack();
      image.writeFirst(change.apply(image.first()));
      image.barrier();
    });
  }

  private DiskException refused(String why) {
    return new DiskException(DiskException.Kind.UNSUPPORTED, image.name() + ": " + why);
  }
}
