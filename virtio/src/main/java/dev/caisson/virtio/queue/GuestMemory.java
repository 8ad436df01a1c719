/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import dev.caisson.linux.Fd;
import dev.caisson.virtio.VirtioException;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a guest as its devices see it: a few regions of guest physical addresses, with
 * holes. Every address that a guest names passes through {@link #slice}.
 */
public final class GuestMemory {
  private final Region[] regions;
  private final @Nullable Fd file;

  /**
   * One contiguous piece.
   *
   * @param start guest physical address of the first byte
   */
  public record Region(long start, MemorySegment bytes) {
    public Region {
      if (start < 0 || bytes.byteSize() == 0 || start + bytes.byteSize() < 0) {
        throw new IllegalArgumentException(
            "memory region at 0x%x of %d bytes".formatted(start, bytes.byteSize()));
      }
    }

    long end() {
      return start + bytes.byteSize();
    }
  }

  /**
   * @throws IllegalArgumentException when two regions overlap
   */
  public GuestMemory(List<Region> regions) {
    this(regions, null);
  }

  /**
   * Memory that other processes can map too.
   *
   * @param file holds the regions one after another, in the order of their addresses; stays the
   *     caller's
   * @throws IllegalArgumentException when two regions overlap
   */
  public GuestMemory(List<Region> regions, @Nullable Fd file) {
    this.file = file;
    this.regions =
        regions.stream().sorted(Comparator.comparingLong(Region::start)).toArray(Region[]::new);
    for (int i = 1; i < this.regions.length; i++) {
      if (this.regions[i - 1].end() > this.regions[i].start()) {
        throw new IllegalArgumentException(
            "memory regions overlap at 0x%x".formatted(this.regions[i].start()));
      }
    }
  }

  public static GuestMemory of(MemorySegment bytes) {
    return new GuestMemory(List.of(new Region(0, bytes)));
  }

  public List<Region> regions() {
    return List.of(regions);
  }

  /** What other processes can map: the regions one after another. Absent for private memory. */
  public Optional<Fd> file() {
    return Optional.ofNullable(file);
  }

  /**
   * Which region holds these bytes.
   *
   * @throws VirtioException GUEST when any of them is outside one region
   */
  int regionOf(long address, long length) {
    for (int i = 0; i < regions.length; i++) {
      long offset = address - regions[i].start;
      long size = regions[i].bytes.byteSize();
      if (offset >= 0 && offset < size && length >= 0 && length <= size - offset) {
        return i;
      }
    }
    throw VirtioException.guest("address 0x%x + %d is not memory".formatted(address, length));
  }

  /** A region's bytes. */
  MemorySegment bytes(int region) {
    return regions[region].bytes;
  }

  /** Where in its region an address lies that {@link #regionOf} found to be there. */
  long offset(int region, long address) {
    return address - regions[region].start;
  }

  /**
   * The bytes at a guest physical address.
   *
   * @throws VirtioException GUEST when any of them is outside one region
   */
  public MemorySegment slice(long address, long length) {
    int region = regionOf(address, length);
    return regions[region].bytes.asSlice(offset(region, address), length);
  }
}
