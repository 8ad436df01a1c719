/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.queue.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/** The guest's memory as another VMM shares it, mapped here. */
final class VhostMemory implements AutoCloseable {
  private static final int MOST_REGIONS = 32;
  private static final int REGION = 32;

  private final List<Region> regions;
  private final GuestMemory guest;

  /**
   * @param user where the VMM has the region; rings are named by such addresses
   */
  private record Region(long start, long size, long user, Mapping mapping) {}

  private VhostMemory(List<Region> regions) {
    this.regions = regions;
    this.guest =
        new GuestMemory(
            regions.stream()
                .map(region -> new GuestMemory.Region(region.start, region.mapping.bytes()))
                .toList());
  }

  /** Maps what SET_MEM_TABLE names. */
  static VhostMemory map(VhostMessage message) {
    int count = message.u32(0);
    if (count < 1 || count > MOST_REGIONS || count != message.descriptors().size()) {
      throw VhostMessage.peer(
          count + " memory regions, " + message.descriptors().size() + " descriptors");
    }
    message.need(8 + (long) REGION * count);
    List<Region> regions = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        long at = 8 + (long) REGION * i;
        long start = message.u64(at);
        long size = message.u64(at + 8);
        long user = message.u64(at + 16);
        long offset = message.u64(at + 24);
        if (size <= 0
            || ((offset | start) & (Mapping.PAGE - 1)) != 0
            || offset < 0
            || start < 0
            || offset + size < 0
            || start + size < 0) {
          throw VhostMessage.peer("memory region of %d bytes at 0x%x".formatted(size, start));
        }
        Fd file = message.descriptors().get(i);
        requireWhole(file, offset + size);
        regions.add(new Region(start, size, user, Mapping.shared(file, offset, size)));
      }
      return new VhostMemory(regions);
    } catch (RuntimeException e) {
      regions.forEach(region -> region.mapping.close());
      throw e;
    }
  }

  /** Memory that ends before it is said to, or that can be made to, would be a fault of ours. */
  private static void requireWhole(Fd file, long end) {
    if (!Memfd.keepsItsSize(file) || OpenFile.of(file).status().size() < end) {
      throw VhostMessage.peer(
          "memory must be a memfd of its whole size that can be, or is, sealed against shrinking"
              + " (QEMU: memory-backend-memfd)");
    }
  }

  GuestMemory guest() {
    return guest;
  }

  /** The guest physical address of an address of the VMM. */
  long guestAddress(long user) {
    for (Region region : regions) {
      long offset = user - region.user;
      if (offset >= 0 && offset < region.size) {
        return region.start + offset;
      }
    }
    throw VhostMessage.peer("address 0x%x is in no memory region".formatted(user));
  }

  @Override
  public void close() {
    regions.forEach(region -> region.mapping.close());
  }
}
