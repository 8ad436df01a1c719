/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.cluster;

import dev.caisson.disk.Disk;
import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.image.Allocator;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.storage.PageBuffer;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Writes guest bytes. Clusters that are ours alone are overwritten while others read and write;
 * anything that changes a table waits for its turn.
 */
public final class ClusterWriter {
  private final Image image;
  private final Geometry geometry;
  private final ClusterMap map;
  private final DataFile data;
  private final ClusterReader reader;
  private final ByteBuffer scratch;

  public ClusterWriter(Image image, ClusterMap map, DataFile data, ClusterReader reader) {
    this.image = image;
    this.geometry = image.geometry();
    this.map = map;
    this.data = data;
    this.reader = reader;
    this.scratch = PageBuffer.allocate(image.file().writable() ? geometry.clusterSize() : 0);
  }

  public void write(long offset, ByteBuffer source, Optional<Disk> base) {
    long at = offset;
    while (source.hasRemaining()) {
      at += overwrite(at, source);
      if (source.hasRemaining()) {
        at += storeAlone(at, source, base);
      }
    }
  }

  /** Writes as long as clusters are ours already; returns how many bytes. */
  private long overwrite(long offset, ByteBuffer source) {
    image.gate.readLock().lock();
    try {
      long at = offset;
      int limit = source.limit();
      while (source.position() < limit) {
        Run run = map.find(at, limit - source.position());
        if (run.kind() != Run.Kind.DATA || !run.writable()) {
          break;
        }
        refuseMetadata(run.host(), run.length());
        data.write(run.host(), source.limit(source.position() + (int) run.length()));
        source.limit(limit);
        at += run.length();
      }
      return at - offset;
    } finally {
      image.gate.readLock().unlock();
    }
  }

  private void refuseMetadata(long host, long length) {
    if (image.external()) {
      return;
    }
    long last = (host + length - 1) >>> geometry.clusterBits();
    for (long cluster = host >>> geometry.clusterBits(); cluster <= last; cluster++) {
      if (image.metadata().contains(cluster)) {
        throw image.markCorrupt(
            "a guest cluster at 0x%x overlaps metadata"
                .formatted(cluster << geometry.clusterBits()));
      }
    }
  }

  private long storeAlone(long offset, ByteBuffer source, Optional<Disk> base) {
    image.gate.writeLock().lock();
    try {
      long stored = store(offset, source, base);
      image.writeBackIfCrowded();
      return stored;
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  /** Stores the start of {@code source}; the gate is held exclusively. Returns how many bytes. */
  private long store(long offset, ByteBuffer source, Optional<Disk> base) {
    var slot = map.slot(offset);
    boolean whole = geometry.aligned(offset) && source.remaining() >= geometry.clusterSize();
    return whole && !ours(slot)
        ? storeWhole(slot, offset, source)
        : storePart(slot, offset, source, base);
  }

  /** Whether the slot names a plain cluster that only we use. */
  private boolean ours(ClusterMap.Slot slot) {
    long entry = slot.entry();
    return (entry & L2Entry.COPIED) != 0 && (entry & L2Entry.COMPRESSED) == 0 && map.hasHost(entry);
  }

  /** As many whole clusters as have neighbouring room, without reading anything old. */
  private long storeWhole(ClusterMap.Slot slot, long offset, ByteBuffer source) {
    int wanted = Math.min(source.remaining() >>> geometry.clusterBits(), map.following(slot));
    int count = 1;
    while (count < wanted && !ours(map.next(slot, count))) {
      count++;
    }
    var room =
        image.external()
            ? new Allocator.Clusters(offset, count)
            : image.allocator().allocate(1, count);
    int bytes = (int) (room.count() << geometry.clusterBits());
    int limit = source.limit();
    data.write(room.offset(), source.limit(source.position() + bytes));
    source.limit(limit);
    for (int i = 0; i < room.count(); i++) {
      long host = room.offset() + ((long) i << geometry.clusterBits());
      map.set(map.next(slot, i), host | L2Entry.COPIED, L2Entry.ALL_STORED);
    }
    return bytes;
  }

  /** One cluster, of which old bytes may have to be kept: unit by unit, see {@link Geometry}. */
  private long storePart(
      ClusterMap.Slot slot, long offset, ByteBuffer source, Optional<Disk> base) {
    long cluster = geometry.alignDown(offset);
    int from = (int) (offset - cluster);
    int to = Math.min(geometry.clusterSize(), from + source.remaining());
    boolean inPlace = ours(slot);
    long host =
        inPlace
            ? slot.entry() & L2Entry.OFFSET
            : image.external() ? cluster : image.allocator().allocate(1);
    if (inPlace) {
      refuseMetadata(host, 1);
    }
    var plan = new UnitPlan(geometry, slot, inPlace, from, to);
    var fresh = source.slice(source.position(), to - from);
    var part = new Part(cluster, host, !inPlace && data.untouched(host), base, from, fresh);
    for (int unit = plan.next(0); unit < geometry.unitsPerCluster(); ) {
      int end = plan.runEnd(unit);
      storeUnits(part, unit, end, plan.keepsOld(unit, end));
      unit = plan.next(end);
    }
    source.position(source.position() + to - from);
    map.set(slot, host | L2Entry.COPIED, plan.bitmap());
    return (long) to - from;
  }

  /**
   * What is written to one cluster.
   *
   * @param guest where the guest sees the cluster
   * @param host where it lies in the file from now on
   * @param untouched whether the file reads as zero there
   * @param from where in the cluster the new bytes begin
   */
  private record Part(
      long guest, long host, boolean untouched, Optional<Disk> base, int from, ByteBuffer bytes) {
    int to() {
      return from + bytes.limit();
    }

    ByteBuffer bytes(int start, int end) {
      return bytes.slice(start - from, end - start);
    }
  }

  /**
   * Writes units {@code [unit, end)}: old bytes where they must be kept, new ones over them.
   *
   * @param keepsOld whether old bytes are to be carried to where the cluster lies now
   */
  private void storeUnits(Part part, int unit, int end, boolean keepsOld) {
    int start = unit << geometry.unitBits();
    int stop = end << geometry.unitBits();
    int newFrom = Math.clamp(part.from(), start, stop);
    int newTo = Math.clamp(part.to(), start, stop);
    var fresh =
        newFrom == newTo // these units are only carried over
            ? ByteBuffer.allocate(0)
            : part.bytes(newFrom, newTo);
    boolean onlyNew = newFrom == start && newTo == stop;
    if (onlyNew
        || (part.untouched()
            && readsAsZero(part, start, newFrom)
            && readsAsZero(part, newTo, stop))) {
      data.write(part.host() + newFrom, fresh);
      return;
    }
    var all = scratch.slice(0, stop - start);
    if (keepsOld) {
      reader.read(part.guest() + start, all, part.base());
    }
    all.put(newFrom - start, fresh, 0, fresh.remaining());
    if (keepsOld) {
      data.write(part.host() + start, all.clear());
    } else {
      data.write(part.host() + newFrom, fresh);
    }
  }

  private boolean readsAsZero(Part part, int start, int end) {
    return reader.readsAsZero(part.guest() + start, end - start, part.base());
  }

  /** Stores packed clusters. */
  public void writePacked(PackedBatch batch) {
    image.gate.writeLock().lock();
    try {
      var places = new long[batch.count()];
      for (int i = 0; i < places.length; i++) {
        places[i] = image.allocator().allocatePacked(batch.length(i));
        reader.forgetPacked(places[i]);
      }
      writeJoined(batch, places);
      for (int i = 0; i < places.length; i++) {
        long entry = L2Entry.packed(places[i], batch.length(i), geometry.clusterBits());
        map.set(map.slot(batch.offset(i)), entry, 0);
      }
      image.writeBackIfCrowded();
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  /** Writes what is neighbours in the file at once. */
  private void writeJoined(PackedBatch batch, long[] places) {
    int start = 0; // of the present run, in the batch's bytes
    int end = 0;
    long place = 0; // of the present run, in the file
    for (int i = 0; i < places.length; i++) {
      if (i == 0 || places[i] != place + end - start) {
        if (start < end) {
          image.data().write(place, batch.bytes(start, end));
        }
        start = end;
        place = places[i];
      }
      end += batch.length(i);
    }
    image.data().write(place, batch.bytes(start, end));
  }
}
