/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.storage.Storage;
import java.util.Arrays;

/**
 * Finds free clusters, and gives clusters back once nothing on disk names them any more: frees wait
 * until the tables without them are written, see {@link Image#writeBack}.
 *
 * <p>Guarded by the image's exclusive lock.
 */
public final class Allocator {
  private static final int PATIENCE = 4096;

  private final Image image;
  private final Storage storage;
  private final Geometry geometry;
  private final Refcounts refcounts;

  /** No cluster below this one is free. */
  private long firstFree;

  /** Where the next packed cluster may start; 0 when none does. */
  private long packedTail;

  /** Pairs of first cluster and count whose users shall drop by one. */
  private long[] waiting = new long[64];

  private int waitingLength;

  Allocator(Image image, Refcounts refcounts) {
    this.image = image;
    this.storage = image.file();
    this.geometry = image.geometry();
    this.refcounts = refcounts;
  }

  /** Host offset of {@code count} neighbouring free clusters, now with one user each. */
  public long allocate(long count) {
    return allocate(count, count).offset();
  }

  /** A run of clusters: where it starts and how many there are. */
  public record Clusters(long offset, long count) {}

  /** Between {@code least} and {@code most} neighbouring clusters. */
  public Clusters allocate(long least, long most) {
    long start = firstFree;
    long next = firstFree;
    while (next - start < most) {
      if (next >= refcounts.countable()) {
        if (next - start >= least) {
          break;
        }
        growTable();
        start = next; // the new table and its blocks stand right here
        continue;
      }
      if (!refcounts.hasBlock(next)) {
        if (next - start >= least && next > start) {
          break;
        }
        long place = start;
        refcounts.createBlock(next, place);
        image.metadata().add(place);
        start++;
        next = Math.max(next, start);
        continue;
      }
      if (refcounts.get(next) == 0) {
        next++;
        continue;
      }
      if (next - start >= least && next > start) {
        break;
      }
      start = ++next;
      if (least == 1) {
        firstFree = start; // all below are in use: look no further back next time
      }
    }
    return take(start, next - start, least);
  }

  private Clusters take(long start, long count, long least) {
    for (long cluster = start; cluster < start + count; cluster++) {
      if (image.metadata().contains(cluster)) {
        throw image.markCorrupt("metadata cluster %d is counted as free".formatted(cluster));
      }
      refcounts.set(cluster, 1);
    }
    if (start == firstFree || least == 1) {
      firstFree = Math.max(firstFree, start + count);
    }
    return new Clusters(start << geometry.clusterBits(), count);
  }

  private void growTable() {
    long oldOffset = refcounts.tableOffset();
    long oldClusters = geometry.clusters(refcounts.tableLength() * 8L);
    long oldCountable = refcounts.countable();
    Header grown = refcounts.grow(image.header());
    image.barrier();
    image.writeRefcountTablePlace(grown);
    long end = (refcounts.tableOffset() >>> geometry.clusterBits()) + grown.refcountTableClusters();
    image.metadata().addAll(oldCountable, end - oldCountable);
    for (long cluster = 0; cluster < oldClusters; cluster++) {
      image.metadata().remove((oldOffset >>> geometry.clusterBits()) + cluster);
    }
    free(oldOffset, oldClusters << geometry.clusterBits());
  }

  /**
   * Host offset for {@code length} packed bytes, fewer than a cluster: behind the last packed ones
   * where they fit.
   */
  public long allocatePacked(int length) {
    int size = geometry.clusterSize();
    long cluster = packedTail >>> geometry.clusterBits();
    int room = packedTail == 0 ? 0 : size - (int) (packedTail & (size - 1));
    boolean shareable = room > 0 && refcounts.get(cluster) < refcounts.maximum();
    if (shareable && length <= room) {
      refcounts.set(cluster, refcounts.get(cluster) + 1);
      return placePacked(packedTail, length);
    }
    long fresh = allocate(1);
    if (shareable && fresh >>> geometry.clusterBits() == cluster + 1) {
      refcounts.set(cluster, refcounts.get(cluster) + 1);
      return placePacked(packedTail, length);
    }
    return placePacked(fresh, length);
  }

  private long placePacked(long offset, int length) {
    long end = offset + length;
    packedTail = geometry.aligned(end) ? 0 : end;
    return offset;
  }

  /** Notes that one user of each cluster these bytes touch goes away. */
  public void free(long offset, long length) {
    long first = offset >>> geometry.clusterBits();
    long count = geometry.clusters(offset + length) - first;
    int last = waitingLength - 2;
    if (last >= 0 && waiting[last] + waiting[last + 1] == first) {
      waiting[last + 1] += count;
      return;
    }
    if (waitingLength == waiting.length) {
      waiting = Arrays.copyOf(waiting, waiting.length * 2);
    }
    waiting[waitingLength++] = first;
    waiting[waitingLength++] = count;
  }

  boolean hasWaiting() {
    return waitingLength > 0;
  }

  /** Whether so much waits that writing the tables back is worth it. */
  boolean crowded() {
    return waitingLength > PATIENCE;
  }

  /** Drops the users that wait; the tables on disk must not name the clusters any more. */
  void applyFrees() {
    for (int i = 0; i < waitingLength; i += 2) {
      long first = waiting[i];
      long freed = first;
      for (long cluster = first; cluster < first + waiting[i + 1]; cluster++) {
        if (release(cluster)) {
          continue;
        }
        letGo(freed, cluster);
        freed = cluster + 1;
      }
      letGo(freed, first + waiting[i + 1]);
    }
    waitingLength = 0;
  }

  /** Whether the cluster is free now. */
  private boolean release(long cluster) {
    long users = refcounts.get(cluster);
    if (users == 0) {
      throw image.markCorrupt("cluster %d is freed but has no user".formatted(cluster));
    }
    refcounts.set(cluster, users - 1);
    if (users > 1) {
      return false;
    }
    firstFree = Math.min(firstFree, cluster);
    if (packedTail >>> geometry.clusterBits() == cluster) {
      packedTail = 0;
    }
    return true;
  }

  private void letGo(long from, long to) {
    if (from < to) {
      storage.release(from << geometry.clusterBits(), (to - from) << geometry.clusterBits());
    }
  }
}
