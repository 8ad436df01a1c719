/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.LittleEndian;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.acpi.AcpiTables;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a kernel finds in memory, and what is refused: line 54 of the security checklist. */
class KernelLoaderTest {
  private static final long MEBIBYTE = 1 << 20;

  @TempDir Path directory;
  private MachineMemory memory;

  @BeforeEach
  void allocate() {
    memory = MachineMemory.allocate(32 * MEBIBYTE, MachineMemory.Backing.PRIVATE);
  }

  @AfterEach
  void free() {
    memory.close();
  }

  private EntryPoint load(Path kernel, Optional<Path> initialFiles, String commandLine)
      throws IOException {
    return KernelLoader.load(
        memory, new BootFiles(kernel, initialFiles, commandLine), AcpiTables.of(1, List.of()));
  }

  private Path tiny() throws IOException {
    return new TinyKernel().print("x").powerOff().write(directory.resolve("tiny"));
  }

  private String text(long address, int length) {
    return new String(
        memory.guest().slice(address, length).toArray(ValueLayout.JAVA_BYTE),
        StandardCharsets.ISO_8859_1);
  }

  @Test
  void pvhKernelsFindCommandLineFilesTablesAndMap() throws IOException {
    Path files = Files.write(directory.resolve("initrd"), "070701 archive".getBytes());
    EntryPoint entry = load(tiny(), Optional.of(files), "console=ttyS0");
    assertThat(entry.mode()).isEqualTo(EntryPoint.Mode.PVH);
    assertThat(entry.address()).isEqualTo(TinyKernel.START);
    GuestMemory guest = memory.guest();
    MemorySegment info = guest.slice(entry.argument(), 56);
    assertThat(info.get(LittleEndian.U32, 0)).isEqualTo(0x336ec578);
    assertThat(text(info.get(LittleEndian.U64, 24), 14)).isEqualTo("console=ttyS0\0");
    assertThat(text(info.get(LittleEndian.U64, 32), 8)).isEqualTo("RSD PTR ");
    MemorySegment module = guest.slice(info.get(LittleEndian.U64, 16), 32);
    assertThat(text(module.get(LittleEndian.U64, 0), 14)).isEqualTo("070701 archive");
    assertThat(module.get(LittleEndian.U64, 8)).isEqualTo(14);
    MemorySegment map = guest.slice(info.get(LittleEndian.U64, 40), 3 * 24);
    assertThat(info.get(LittleEndian.U32, 48)).isEqualTo(3);
    assertThat(map.get(LittleEndian.U64, 48)).isEqualTo(MEBIBYTE);
    assertThat(map.get(LittleEndian.U64, 56)).isEqualTo(31 * MEBIBYTE);
    assertThat(text(TinyKernel.START, 3).charAt(0)).isEqualTo('\u0066');
  }

  @Test
  void memoryAboveTheHoleIsInTheMap() {
    long size = (3L << 30) + 64 * MEBIBYTE;
    try (MachineMemory large = MachineMemory.allocate(size, MachineMemory.Backing.PRIVATE)) {
      assertThat(large.lowEnd()).isEqualTo(3L << 30);
      assertThat(large.guest().slice(MachineMemory.HOLE_END, 64 * MEBIBYTE).byteSize())
          .isEqualTo(64 * MEBIBYTE);
      assertThatThrownBy(() -> large.guest().slice(large.lowEnd() - 8, 16))
          .hasMessageContaining("is not memory");
    }
  }

  @Test
  void sharedMemoryIsOneFile() {
    try (MachineMemory shared =
        MachineMemory.allocate(2 * MEBIBYTE, MachineMemory.Backing.SHARED)) {
      shared.guest().slice(4096, 4).set(ValueLayout.JAVA_INT_UNALIGNED, 0, 0x12345678);
      assertThat(shared.file()).isPresent();
      assertThat(shared.resident()).isBetween(1L, 4 * MEBIBYTE);
    }
  }

  private static ByteBuffer bzImage() {
    ByteBuffer image = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    image.put(0x1f1, (byte) 1).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);
    image.put(0x201, (byte) 0x66).putShort(0x236, (short) 1);
    image.putInt(0x248, 0).putInt(0x24c, 1024);
    image.putLong(0x258, 16 * MEBIBYTE).putInt(0x260, 1 << 20);
    return image;
  }

  @Test
  void packedKernelsEnterIn64BitsWithTheirOwnHeader() throws IOException {
    Path kernel = Files.write(directory.resolve("bz"), bzImage().array());
    Path files = Files.write(directory.resolve("initrd"), new byte[5000]);
    EntryPoint entry = load(kernel, Optional.of(files), "quiet");
    assertThat(entry.mode()).isEqualTo(EntryPoint.Mode.LONG);
    assertThat(entry.address()).isEqualTo(16 * MEBIBYTE + 0x200);
    MemorySegment page = memory.guest().slice(entry.argument(), 4096);
    assertThat(page.get(LittleEndian.U32, 0x202)).isEqualTo(0x53726448);
    assertThat(page.get(LittleEndian.U32, 0x21c)).isEqualTo(5000);
    assertThat(page.get(LittleEndian.U32, 0x218) % 4096).isZero();
    assertThat(page.get(LittleEndian.U8, 0x1e8)).isEqualTo((byte) 3);
    assertThat(page.get(LittleEndian.U64, 0x70)).isEqualTo(AcpiTables.PLACE);
    MemorySegment tables = memory.guest().slice(EntryPoint.PAGE_TABLES, 6 * 4096);
    assertThat(tables.get(LittleEndian.U64, 2 * 4096 + 8 * 2047)).isEqualTo(0xffe00083L);
  }

  @Test
  void hostileKernelsAreRefusedWithTheirOffset() throws IOException {
    refused(bzImage().putShort(0x236, (short) 0), "0x236");
    refused(bzImage().putInt(0x260, 16), "0x260");
    refused(bzImage().putLong(0x258, -4096), "0x260");
    refused(bzImage().putLong(0x258, 0), "0x258");
    refused(bzImage().putLong(0x258, 32 * MEBIBYTE), "0x258");
    refused(bzImage().putLong(0x258, Long.MAX_VALUE - 10), "0x258");
    byte[] elf = Files.readAllBytes(tiny());
    refused(ByteBuffer.wrap(elf, 0, 40).slice(), "0x0");
    refused(little(elf).putLong(88, 0x1000), "0xc4"); // over what the loader hands over
    refused(little(elf).putLong(88, 33 * MEBIBYTE), "0xc4");
    refused(little(elf).putLong(104, 64 * MEBIBYTE), "0xc4");
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes.clone()).order(ByteOrder.LITTLE_ENDIAN);
  }

  private void refused(ByteBuffer image, String offset) throws IOException {
    byte[] bytes = new byte[image.limit()];
    image.get(0, bytes);
    Path kernel = Files.write(directory.resolve("bad"), bytes);
    assertThatThrownBy(() -> load(kernel, Optional.empty(), ""))
        .isInstanceOfSatisfying(
            VmmException.class, e -> assertThat(e.kind()).isEqualTo(VmmException.Kind.BAD_IMAGE))
        .hasMessageContaining("offset " + offset + ":");
  }

  @Test
  void commandLinesThatDoNotFitAreRefused() throws IOException {
    Path kernel = tiny();
    load(kernel, Optional.empty(), "a".repeat(2047));
    assertThatThrownBy(() -> load(kernel, Optional.empty(), "a".repeat(64 << 10)))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("command line refused at offset 0x7ff:");
    assertThatThrownBy(() -> load(kernel, Optional.empty(), "a\0b"))
        .hasMessageContaining("command line refused at offset 0x1:");
  }

  @Test
  void initialFilesPastTheEndOfMemoryAreRefused() throws IOException {
    Path large = directory.resolve("large");
    try (var file = FileChannel.open(large, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(1), 40 * MEBIBYTE);
    }
    Path kernel = tiny();
    assertThatThrownBy(() -> load(kernel, Optional.of(large), ""))
        .isInstanceOf(VmmException.class)
        .hasMessageContaining("initial files refused at offset 0x")
        .hasMessageContaining("give the machine more memory");
  }

  @Test
  void impossibleMemoryIsRefused() {
    for (long size : new long[] {0, -4096, 4097, 1L << 50}) {
      assertThatThrownBy(() -> MachineMemory.allocate(size, MachineMemory.Backing.PRIVATE))
          .isInstanceOfSatisfying(
              VmmException.class, e -> assertThat(e.kind()).isEqualTo(VmmException.Kind.INVALID));
    }
  }
}
