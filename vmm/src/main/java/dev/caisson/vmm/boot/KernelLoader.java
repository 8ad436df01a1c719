/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.acpi.AcpiTables;
import dev.caisson.vmm.memory.MachineMemory;
import dev.caisson.vmm.memory.MemoryMap;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Puts a kernel and all it is handed into fresh memory. */
public final class KernelLoader {
  private static final String COMMAND_LINE = "command line";
  private static final String INITIAL_FILES = "initial files";
  private static final long PAGE = 4096;
  private static final long LEAST_MEMORY = 1 << 20;

  /** What kernels promise to reach: initrd_addr_max of all bzImages since 2.6. */
  private static final long HIGHEST_INITIAL_FILES = 0x8000_0000L;

  private final MachineMemory memory;
  private final GuestMemory guest;
  private final MemoryMap map;

  private KernelLoader(MachineMemory memory) {
    this.memory = memory;
    this.guest = memory.guest();
    this.map = MemoryMap.of(memory);
  }

  /**
   * @throws VmmException BAD_IMAGE with the file's offset, INVALID if it does not fit the memory
   * @throws IOException when a file cannot be read
   */
  public static EntryPoint load(MachineMemory memory, BootFiles files, AcpiTables tables)
      throws IOException {
    if (memory.lowEnd() <= LEAST_MEMORY) {
      throw new VmmException(
          VmmException.Kind.INVALID,
          "a kernel needs more than 1 MiB of memory; there are " + memory.size() + " bytes");
    }
    return new KernelLoader(memory).load(files, tables);
  }

  private EntryPoint load(BootFiles files, AcpiTables tables) throws IOException {
    commandLine(files.commandLine());
    copy(tables.bytes(), tables.start());
    try (FileChannel kernel = FileChannel.open(files.kernel(), StandardOpenOption.READ)) {
      ByteBuffer start = ByteBuffer.allocate((int) Math.min(kernel.size(), PAGE));
      while (start.hasRemaining() && kernel.read(start, start.position()) >= 0) {}
      return BzImage.looksLike(start.flip()) ? bzImage(kernel, files) : elf(kernel, files);
    }
  }

  private void commandLine(String text) {
    byte[] line = text.getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < line.length; i++) {
      if (i >= LowMemory.COMMAND_LINE_SIZE - 1) {
        throw VmmException.badImage(
            COMMAND_LINE, i, line.length + " bytes; a kernel keeps no more than 2,047");
      }
      if (line[i] == 0) {
        throw VmmException.badImage(COMMAND_LINE, i, "a zero byte would end it");
      }
    }
    copy(line, LowMemory.COMMAND_LINE);
  }

  private void copy(byte[] bytes, long address) {
    guest.slice(address, bytes.length).copyFrom(MemorySegment.ofArray(bytes));
  }

  private EntryPoint elf(FileChannel file, BootFiles files) throws IOException {
    ElfKernel kernel = ElfKernel.parse(file);
    for (ElfKernel.Segment segment : kernel.segments()) {
      fits("kernel (ELF)", segment.offset(), segment.address(), segment.memorySize());
      fill(file, segment.offset(), guest.slice(segment.address(), segment.fileSize()));
    }
    Loaded loaded = initialFiles(files, kernel.end());
    if (kernel.pvhEntry().isPresent()) {
      StartInformation.write(guest, map, loaded);
      return new EntryPoint(
          EntryPoint.Mode.PVH, kernel.pvhEntry().getAsLong(), LowMemory.START_INFORMATION);
    }
    BootParameters.write(guest, map, loaded);
    return new EntryPoint(EntryPoint.Mode.LONG, kernel.entry(), LowMemory.BOOT_PARAMETERS);
  }

  /** A packed kernel unpacks itself: slower, but it needs nobody who knows its format. */
  private EntryPoint bzImage(FileChannel file, BootFiles files) throws IOException {
    ByteBuffer bytes = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size());
    BzImage image = BzImage.parse(bytes);
    BzImage.Placement placement = image.placement();
    fits("kernel (bzImage)", BzImage.PREFERRED_ADDRESS, placement.address(), placement.size());
    fill(
        file,
        image.setupEnd(),
        guest.slice(placement.address(), image.bytes().limit() - (long) image.setupEnd()));
    Loaded loaded = initialFiles(files, placement.address() + placement.size());
    BootParameters.write(guest, map, loaded, image.bytes());
    return new EntryPoint(EntryPoint.Mode.LONG, placement.entry(), LowMemory.BOOT_PARAMETERS);
  }

  private void fits(String what, long offset, long address, long size) {
    if (address < LowMemory.END || address > memory.lowEnd() - size) {
      throw VmmException.badImage(
          what,
          offset,
          "it wants 0x%x + %d bytes; memory for it is from 1 MiB to 0x%x"
              .formatted(address, size, memory.lowEnd()));
    }
  }

  /** As high as a kernel reaches, away from where it unpacks and grows. */
  private Loaded initialFiles(BootFiles files, long kernelEnd) throws IOException {
    if (files.initialFiles().isEmpty()) {
      return new Loaded(0, 0);
    }
    Path path = files.initialFiles().get();
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = file.size();
      if (size == 0) {
        return new Loaded(0, 0);
      }
      long top = Math.min(memory.lowEnd(), HIGHEST_INITIAL_FILES);
      long address = (top - size) & -PAGE;
      if (address < kernelEnd) {
        throw VmmException.badImage(
            INITIAL_FILES,
            Math.max(0, top - kernelEnd),
            size
                + " bytes of "
                + path.getFileName()
                + " do not fit between the kernel's end at 0x%x and 0x%x; give the machine more memory"
                    .formatted(kernelEnd, top));
      }
      fill(file, 0, guest.slice(address, size));
      return new Loaded(address, size);
    }
  }

  /** Reads straight into the guest's memory. */
  private static void fill(FileChannel file, long offset, MemorySegment target) throws IOException {
    ByteBuffer buffer = target.asByteBuffer();
    while (buffer.hasRemaining()) {
      if (file.read(buffer, offset + buffer.position()) < 0) {
        throw VmmException.badImage(
            "boot file", offset + buffer.position(), "it ended while it was read");
      }
    }
  }
}
