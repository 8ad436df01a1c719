/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.boot;

import com.github.luben.zstd.ZstdInputStream;
import dev.caisson.vmm.VmmException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * A compressed Linux kernel as distributions ship it. Documentation/arch/x86/boot.rst
 *
 * @param setupEnd where the protected-mode part begins, bytes
 * @param payload where the compressed ELF kernel begins, bytes
 * @param payloadLength its compressed bytes
 */
public record BzImage(ByteBuffer bytes, int setupEnd, int payload, int payloadLength) {
  private static final String WHAT = "kernel (bzImage)";
  private static final int SETUP_SECTORS = 0x1f1;
  private static final int MAGIC = 0x202;
  private static final int HEADER_SIGNATURE = 0x53726448; // "HdrS"
  private static final int VERSION = 0x206;
  private static final int OLDEST_VERSION = 0x20c; // 64-bit entry point and payload fields
  private static final int PAYLOAD_OFFSET = 0x248;
  private static final int PAYLOAD_LENGTH = 0x24c;
  private static final int LONG_MODE_FLAGS = 0x236;
  private static final int HAS_LONG_ENTRY = 1;
  private static final int LONG_ENTRY = 0x200;
  static final int PREFERRED_ADDRESS = 0x258;
  private static final int NEEDED = 0x260;
  private static final int HEADER_END = 0x268;
  private static final int SECTOR = 512;
  private static final int LARGEST_KERNEL = 512 << 20;

  /**
   * @param image read-only content of the file
   * @throws VmmException BAD_IMAGE
   */
  public static BzImage parse(ByteBuffer image) {
    ByteBuffer bytes = image.slice().order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.limit() < HEADER_END) {
      throw VmmException.badImage(WHAT, bytes.limit(), "the file ends inside the setup header");
    }
    if (bytes.getInt(MAGIC) != HEADER_SIGNATURE) {
      throw VmmException.badImage(WHAT, MAGIC, "no setup header signature");
    }
    int version = Short.toUnsignedInt(bytes.getShort(VERSION));
    if (version < OLDEST_VERSION) {
      throw VmmException.badImage(
          WHAT, VERSION, "boot protocol 0x%x is older than 2.12".formatted(version));
    }
    int sectors = Byte.toUnsignedInt(bytes.get(SETUP_SECTORS));
    int setupEnd = ((sectors == 0 ? 4 : sectors) + 1) * SECTOR;
    long payload = setupEnd + Integer.toUnsignedLong(bytes.getInt(PAYLOAD_OFFSET));
    long length = Integer.toUnsignedLong(bytes.getInt(PAYLOAD_LENGTH));
    if (payload > bytes.limit() - 8L || length < 8 || length > bytes.limit() - payload) {
      throw VmmException.badImage(
          WHAT, PAYLOAD_OFFSET, "the payload of " + length + " bytes leaves the file");
    }
    return new BzImage(bytes, setupEnd, (int) payload, (int) length);
  }

  public static boolean looksLike(ByteBuffer image) {
    ByteBuffer bytes = image.slice().order(ByteOrder.LITTLE_ENDIAN);
    return bytes.limit() >= HEADER_END && bytes.getInt(MAGIC) == HEADER_SIGNATURE;
  }

  /**
   * Where the packed kernel is put to unpack itself.
   *
   * @param address guest physical
   * @param size bytes it uses from there on until it runs
   * @param entry of its 64-bit entry point
   */
  public record Placement(long address, long size, long entry) {}

  /**
   * @throws VmmException BAD_IMAGE for a kernel without a 64-bit entry point
   */
  public Placement placement() {
    if ((bytes.getShort(LONG_MODE_FLAGS) & HAS_LONG_ENTRY) == 0) {
      throw VmmException.badImage(WHAT, LONG_MODE_FLAGS, "no 64-bit entry point");
    }
    long address = bytes.getLong(PREFERRED_ADDRESS);
    long size = Integer.toUnsignedLong(bytes.getInt(NEEDED));
    if (address < 0 || size < bytes.limit() - setupEnd) {
      throw VmmException.badImage(
          WHAT, NEEDED, "it says it needs %d bytes at 0x%x".formatted(size, address));
    }
    return new Placement(address, size, address + LONG_ENTRY);
  }

  /** How the kernel inside is compressed, by its first bytes. */
  public enum Compression {
    GZIP,
    XZ,
    ZSTD,
    LZ4
  }

  /**
   * @throws VmmException BAD_IMAGE for any other (bzip2, lzma, lzo)
   */
  public Compression compression() {
    int magic = bytes.getInt(payload);
    if ((magic & 0xffff) == 0x8b1f) {
      return Compression.GZIP;
    }
    return switch (magic) {
      case 0x587a37fd -> Compression.XZ;
      case 0xfd2fb528 -> Compression.ZSTD;
      case Lz4Legacy.MAGIC -> Compression.LZ4;
      default ->
          throw VmmException.badImage(
              WHAT, payload, "unknown compression, magic 0x%08x".formatted(magic));
    };
  }

  /**
   * Writes the ELF kernel inside.
   *
   * @throws VmmException BAD_IMAGE when it does not unpack, or to more than 512 MiB
   */
  public void extract(OutputStream target) throws IOException {
    Compression compression = compression();
    // The kernel's build appends the unpacked size as four bytes, which no stream format knows but
    // gzip, whose own last field it is (arch/x86/boot/compressed/Makefile).
    int size = compression == Compression.GZIP ? payloadLength : payloadLength - 4;
    ByteBuffer data = bytes.slice(payload, size);
    try (InputStream unpacked = open(compression, data)) {
      byte[] piece = new byte[1 << 16];
      long total = 0;
      for (int count = read(unpacked, piece, total);
          count >= 0;
          count = read(unpacked, piece, total)) {
        total += count;
        if (total > LARGEST_KERNEL) {
          throw VmmException.badImage(WHAT, payload, "unpacks to more than 512 MiB");
        }
        target.write(piece, 0, count);
      }
    }
  }

  /** A corrupt stream is the image's fault; a full disk, on the writing side, is not. */
  private int read(InputStream unpacked, byte[] piece, long total) {
    try {
      return unpacked.read(piece);
    } catch (IOException | RuntimeException e) {
      throw new VmmException(
          VmmException.Kind.BAD_IMAGE,
          "%s refused at offset 0x%x: it does not unpack after %d bytes: %s"
              .formatted(WHAT, payload, total, e),
          e);
    }
  }

  private InputStream open(Compression compression, ByteBuffer data) {
    InputStream packed = stream(data);
    try {
      return switch (compression) {
        case GZIP -> new GZIPInputStream(packed, 1 << 16);
        case XZ -> new XZInputStream(packed, 256 << 10);
        case ZSTD -> new ZstdInputStream(packed);
        case LZ4 -> new Lz4Legacy(data);
      };
    } catch (IOException e) {
      throw new VmmException(
          VmmException.Kind.BAD_IMAGE,
          "%s refused at offset 0x%x: %s".formatted(WHAT, payload, e.getMessage()),
          e);
    }
  }

  private static InputStream stream(ByteBuffer data) {
    byte[] copy = MemorySegment.ofBuffer(data).toArray(ValueLayout.JAVA_BYTE);
    return new ByteArrayInputStream(copy);
  }
}
