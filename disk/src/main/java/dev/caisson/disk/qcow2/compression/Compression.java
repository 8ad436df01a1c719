/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.compression;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import dev.caisson.disk.DiskException;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** How an image packs clusters. */
public enum Compression {
  /** Raw deflate; matches reach 4 KiB back at most, which is the window QEMU unpacks with. */
  DEFLATE("zlib", 0) {
    @Override
    public byte[] unpack(byte[] packed, int size, String file) {
      var cluster = new byte[size];
      try (var inflater = new Inflater(true)) {
        inflater.setInput(packed);
        int done = 0;
        while (done < size) {
          int count = inflater.inflate(cluster, done, size - done);
          if (count == 0) {
            throw broken(file, "ends after %d of %d bytes".formatted(done, size));
          }
          done += count;
        }
        return cluster;
      } catch (DataFormatException bad) {
        throw broken(file, String.valueOf(bad.getMessage()));
      }
    }

    @Override
    public int pack(byte[] cluster, int length, byte[] target) {
      return Deflate.compress(cluster, length, target);
    }
  },
  ZSTD("zstd", 1) {
    @Override
    public byte[] unpack(byte[] packed, int size, String file) {
      try {
        long frame = Zstd.findFrameCompressedSize(packed);
        if (frame <= 0 || frame > packed.length) {
          throw broken(file, "no zstd frame");
        }
        var cluster = new byte[size];
        long done = Zstd.decompressByteArray(cluster, 0, size, packed, 0, (int) frame);
        if (done != size) {
          throw broken(file, "zstd frame of %d bytes".formatted(done));
        }
        return cluster;
      } catch (ZstdException bad) {
        throw broken(file, String.valueOf(bad.getMessage()));
      }
    }

    @Override
    public int pack(byte[] cluster, int length, byte[] target) {
      ZstdCompressCtx context = IDLE.poll();
      if (context == null) {
        context = new ZstdCompressCtx();
      }
      try {
        return context.compressByteArray(target, 0, target.length, cluster, 0, length);
      } catch (ZstdException doesNotFit) {
        return 0;
      } finally {
        IDLE.offer(context);
      }
    }
  };

  /** A context is large and slow to make, so contexts are used again. */
  private static final Queue<ZstdCompressCtx> IDLE = new ConcurrentLinkedQueue<>();

  private final String label;
  private final int type;

  Compression(String label, int type) {
    this.label = label;
    this.type = type;
  }

  /** qemu-img's name: {@code zlib} or {@code zstd}. */
  public String label() {
    return label;
  }

  /** The number that stands for it in a header: 0 or 1. qcow2.txt, "compression_type" */
  public int type() {
    return type;
  }

  /** What a header's number stands for; the header has refused those above 1. */
  public static Compression of(int type) {
    return type == ZSTD.type ? ZSTD : DEFLATE;
  }

  /** Unpacks a cluster of {@code size} bytes; what follows it in {@code packed} is ignored. */
  public abstract byte[] unpack(byte[] packed, int size, String file);

  /**
   * Packs a cluster.
   *
   * @param length how many bytes of {@code cluster} are meant
   * @return how many bytes were put into {@code target}; 0 when they do not fit
   */
  public abstract int pack(byte[] cluster, int length, byte[] target);

  private static DiskException broken(String file, String reason) {
    return DiskException.corrupt(file, "compressed cluster: " + reason);
  }
}
