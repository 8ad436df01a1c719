/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.memory;

import dev.caisson.kvm.VirtualMachine;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.vmm.VmmException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A guest's memory: from address 0 to at most {@link #HOLE_START}, the rest from 4 GiB on. Between
 * them are devices and interrupt controllers, as on every PC.
 */
public final class MachineMemory implements AutoCloseable {
  /** Where low memory ends at the latest, and devices begin. */
  public static final long HOLE_START = 0xc000_0000L;

  public static final long HOLE_END = 1L << 32;
  private static final long LARGEST = 1L << 40;

  /** Who else can see the memory. */
  public enum Backing {
    /** Nobody: huge pages and merging of equal pages are possible. */
    PRIVATE,
    /** Whoever gets the descriptor of a file in memory, such as a vhost-user back end. */
    SHARED
  }

  private final List<Mapping> mappings;
  private final @Nullable Fd file;
  private final GuestMemory guest;
  private final long size;

  private MachineMemory(List<Mapping> mappings, @Nullable Fd file, long size) {
    this.mappings = mappings;
    this.file = file;
    this.size = size;
    List<GuestMemory.Region> regions = new ArrayList<>();
    for (int i = 0; i < mappings.size(); i++) {
      regions.add(new GuestMemory.Region(i == 0 ? 0 : HOLE_END, mappings.get(i).bytes()));
    }
    this.guest = new GuestMemory(regions, file);
  }

  /**
   * @param size bytes, whole pages; the host pays for what is touched
   * @throws VmmException INVALID for an impossible size, HOST when there is no address space left
   */
  public static MachineMemory allocate(long size, Backing backing) {
    if (size <= 0 || size > LARGEST || size % Mapping.PAGE != 0) {
      throw new VmmException(
          VmmException.Kind.INVALID,
          "memory of " + size + " bytes; whole pages of 4 KiB up to 1 TiB are possible");
    }
    long low = Math.min(size, HOLE_START);
    List<Mapping> mappings = new ArrayList<>();
    Fd file = null;
    try {
      if (backing == Backing.SHARED) {
        file = Memfd.create("caisson-memory");
        OpenFile.of(file).truncate(size);
        Memfd.sealSize(file); // who maps it too could take our pages away
        mappings.add(Mapping.shared(file, 0, low));
        if (size > low) {
          mappings.add(Mapping.shared(file, low, size - low));
        }
      } else {
        mappings.add(Mapping.anonymous(low).hugePages());
        if (size > low) {
          mappings.add(Mapping.anonymous(size - low).hugePages());
        }
      }
      // A guest's secrets do not belong into a core dump of the engine.
      mappings.forEach(Mapping::undumped);
      return new MachineMemory(mappings, file, size);
    } catch (LinuxException e) {
      mappings.forEach(Mapping::close);
      if (file != null) {
        file.close();
      }
      throw noRoom(size, e);
    }
  }

  /**
   * Memory that begins as the contents of a file, which stays as it is: each page is copied when it
   * is first written. Whoever else maps the file shares the pages nobody wrote.
   *
   * @param file at least {@code size} bytes; low memory first. May be closed afterwards, but must
   *     not get shorter
   * @throws VmmException HOST when there is no address space left
   */
  public static MachineMemory copyOnWrite(Fd file, long size) {
    long low = Math.min(size, HOLE_START);
    List<Mapping> mappings = new ArrayList<>();
    try {
      mappings.add(Mapping.copyOnWrite(file, 0, low));
      if (size > low) {
        mappings.add(Mapping.copyOnWrite(file, low, size - low));
      }
      mappings.forEach(Mapping::undumped);
      return new MachineMemory(mappings, null, size);
    } catch (LinuxException e) {
      mappings.forEach(Mapping::close);
      throw noRoom(size, e);
    }
  }

  private static VmmException noRoom(long size, LinuxException cause) {
    return new VmmException(
        VmmException.Kind.HOST,
        "no memory of "
            + size
            + " bytes for a guest: "
            + cause.getMessage()
            + "; give the machine less, or end another",
        cause);
  }

  /** Bytes in all. */
  public long size() {
    return size;
  }

  /** Where low memory ends, a guest physical address. */
  public long lowEnd() {
    return mappings.getFirst().size();
  }

  /** Bytes from 4 GiB on. */
  public long highSize() {
    return size - lowEnd();
  }

  /** As devices see it. */
  public GuestMemory guest() {
    return guest;
  }

  /** What other processes can map, if the memory is shared; low memory first. */
  public Optional<Fd> file() {
    return Optional.ofNullable(file);
  }

  /** The mappings in guest order, for accounting and for giving pages back. */
  public List<Mapping> mappings() {
    return List.copyOf(mappings);
  }

  public void mapInto(VirtualMachine machine) {
    List<GuestMemory.Region> regions = guest.regions();
    for (int slot = 0; slot < regions.size(); slot++) {
      machine.map(slot, regions.get(slot).start(), regions.get(slot).bytes());
    }
  }

  /**
   * Gives pages back to the host; the guest finds zeroes there.
   *
   * @param pages part of what {@link #guest} answers, whole pages of 4 KiB
   */
  public void discard(MemorySegment pages) {
    for (Mapping mapping : mappings) {
      long offset = pages.address() - mapping.address();
      if (offset >= 0 && offset < mapping.size()) {
        mapping.discard(offset, pages.byteSize());
        return;
      }
    }
    throw new IndexOutOfBoundsException("0x%x is no guest memory".formatted(pages.address()));
  }

  /** Bytes the guest or we have touched, as the host counts them: pages that are there. */
  public long resident() {
    long kibibytes = 0;
    boolean ours = false;
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
        int dash = line.indexOf('-');
        if (dash > 0 && Character.digit(line.charAt(0), 16) >= 0 && line.indexOf(':') > dash) {
          long start = Long.parseUnsignedLong(line, 0, dash, 16);
          ours =
              mappings.stream()
                  .anyMatch(m -> start - m.address() >= 0 && start - m.address() < m.size());
        } else if (ours && line.startsWith("Rss:")) {
          kibibytes += Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    } catch (IOException e) {
      throw new VmmException(VmmException.Kind.HOST, "cannot read /proc/self/smaps", e);
    }
    return kibibytes << 10;
  }

  /** After the machine and every device are closed. */
  @Override
  public void close() {
    mappings.forEach(Mapping::close);
    if (file != null) {
      file.close();
    }
  }
}
