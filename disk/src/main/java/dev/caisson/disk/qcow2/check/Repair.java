/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.check;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.Refcounts;
import dev.caisson.disk.qcow2.image.Tables;
import java.nio.ByteBuffer;

/**
 * Compares what refcounts say with who really uses each cluster, and sets right what differs. The
 * caller holds the gate exclusively, with everything written back.
 */
public final class Repair {
  private final Image image;
  private final Geometry geometry;

  /** How far a repair goes. */
  public enum Extent {
    /** Only look. */
    NONE,
    /** Free clusters that nobody uses; never risky. */
    LEAKS,
    /** Set all counts and flags right too. */
    ALL
  }

  public Repair(Image image) {
    this.image = image;
    this.geometry = image.geometry();
  }

  public CheckReport check(Extent extent) {
    var before = new Findings();
    var walk = walk(before);
    boolean blocksBroken = compare(walk.counts(), before, extent);
    if (extent == Extent.NONE || (before.clean() && !marked())) {
      return report(walk, before, 0, 0);
    }
    if (extent == Extent.ALL && blocksBroken) {
      rebuild();
    } else {
      image.refcounts().blocks().write();
    }
    if (extent == Extent.ALL) {
      fixCopied();
    }
    image.barrier();
    image.forgetCounting();
    var after = new Findings();
    var again = walk(after);
    compare(again.counts(), after, Extent.NONE);
    if (extent == Extent.ALL && after.corruptions == 0) {
      clearMarks();
    }
    var result =
        report(
            again,
            after,
            Math.max(0, before.corruptions - after.corruptions),
            Math.max(0, before.leaks - after.leaks));
    return result;
  }

  /** Counts everything anew; for an image that was left dirty. */
  public void rebuildRefcounts() {
    var findings = new Findings();
    new ReferenceWalk(image, findings, false).walkAll();
    if (findings.corruptions > 0) {
      throw image.markCorrupt("is dirty, and " + findings.messages.getFirst());
    }
    rebuild();
    fixCopied();
    image.barrier();
    image.forgetCounting();
  }

  private boolean marked() {
    return image.header().has(Features.CORRUPT | Features.DIRTY);
  }

  private void clearMarks() {
    if (marked()) {
      image.writeFeatures(
          image.header().incompatible() & ~(Features.CORRUPT | Features.DIRTY),
          image.header().autoclear());
    }
  }

  private CheckReport report(ReferenceWalk walk, Findings left, long fixed, long leaksFixed) {
    return new CheckReport(
        left.corruptions,
        left.leaks,
        fixed,
        leaksFixed,
        geometry.clusters(image.header().size()),
        walk.allocated(),
        walk.fragmented(),
        walk.compressed(),
        walk.counts().end() << geometry.clusterBits(),
        left.messages);
  }

  private ReferenceWalk walk(Findings findings) {
    var walk = new ReferenceWalk(image, findings);
    walk.walkAll();
    return walk;
  }

  /** Returns whether blocks are missing or unreadable, so that only a rebuild helps. */
  private boolean compare(UserCounts counts, Findings findings, Extent extent) {
    Refcounts stored = new Refcounts(image.file(), image.header(), 4 << 20);
    boolean broken = false;
    long perBlock = 1L << stored.blockBits();
    // As QEMU: what is counted behind the end of the file is nobody's loss.
    long limit = Math.max(counts.end(), geometry.clusters(image.file().size()));
    for (int block = 0; block < stored.tableLength(); block++) {
      long first = block * perBlock;
      try {
        if (stored.blockOffset(block) == 0) {
          broken |= compareUncounted(counts, first, first + perBlock, findings);
        } else {
          compareBlock(stored, counts, first, Math.min(limit, first + perBlock), findings, extent);
        }
      } catch (DiskException unreadable) {
        findings.corruption("refcount block %d: %s".formatted(block, unreadable.getMessage()));
        broken = true;
      }
    }
    broken |= compareUncounted(counts, stored.countable(), counts.end(), findings);
    stored.blocks().write();
    return broken;
  }

  private boolean compareUncounted(UserCounts counts, long from, long to, Findings findings) {
    boolean missing = false;
    long end = Math.min(to, counts.end());
    for (long at = counts.nextUsed(from, end); at < end; at = counts.nextUsed(at + 1, end)) {
      missing = true;
      findings.corruption("cluster %d refcount=0 reference=%d".formatted(at, counts.get(at)));
    }
    return missing;
  }

  private void compareBlock(
      Refcounts stored, UserCounts counts, long from, long to, Findings findings, Extent extent) {
    for (long cluster = from; cluster < to; cluster++) {
      long says = stored.get(cluster);
      long uses = counts.get(cluster);
      if (says == uses) {
        continue;
      }
      boolean leak = says > uses;
      String what = "cluster %d refcount=%d reference=%d".formatted(cluster, says, uses);
      if (leak) {
        findings.leak("leaked " + what);
      } else {
        findings.corruption(what);
      }
      boolean fix = extent == Extent.ALL || (extent == Extent.LEAKS && leak);
      if (fix && uses <= stored.maximum()) {
        stored.set(cluster, uses);
      }
    }
  }

  /**
   * Counts all users anew in entries of another width.
   *
   * @throws DiskException UNSUPPORTED if some cluster has more users than fit
   */
  public void recount(int order) {
    var walk = new ReferenceWalk(image, new Findings());
    walk.walkWithoutRefcounts();
    UserCounts users = walk.counts();
    long most = order == 6 ? Long.MAX_VALUE : (1L << (1 << order)) - 1;
    for (long at = users.nextUsed(0, users.end()); at < users.end(); ) {
      if (users.get(at) > most) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "%s: cluster %d has %d users, too many for refcounts of %d bits"
                .formatted(image.name(), at, users.get(at), 1 << order));
      }
      at = users.nextUsed(at + 1, users.end());
    }
    rebuild(order);
  }

  private void rebuild() {
    rebuild(image.header().refcountOrder());
  }

  /** Writes new blocks and a new table behind everything, then names them in the header. */
  private void rebuild(int order) {
    int blockBits = geometry.clusterBits() + 3 - order;
    long perBlock = 1L << blockBits;
    var old = new ReferenceWalk(image, new Findings());
    old.walkWithoutRefcounts();
    UserCounts users = old.counts();
    long start = Math.max(users.end(), geometry.clusters(image.file().size()));
    long blocks = 1;
    long tableClusters = 1;
    while (blocks * perBlock < start + blocks + tableClusters) {
      blocks = Math.ceilDiv(start + blocks + tableClusters, perBlock);
      tableClusters = geometry.clusters(blocks * 8);
    }
    for (long cluster = start; cluster < start + blocks + tableClusters; cluster++) {
      users.add(cluster);
    }
    var table = new long[(int) (tableClusters << geometry.clusterBits() >>> 3)];
    for (int block = 0; block < blocks; block++) {
      table[block] = (start + block) << geometry.clusterBits();
      var bytes = ByteBuffer.allocate(geometry.clusterSize());
      for (long i = 0; i < perBlock; i++) {
        Refcounts.write(bytes, i << order, order, users.get(block * perBlock + i));
      }
      image.file().write(table[block], bytes);
    }
    long tableOffset = (start + blocks) << geometry.clusterBits();
    Tables.write(image.file(), tableOffset, table);
    image.barrier();
    Header changed = image.header().withRefcountTable(tableOffset, (int) tableClusters);
    if (order == changed.refcountOrder()) {
      image.writeRefcountTablePlace(changed);
    } else {
      image.writeFirst(image.first().withHeader(changed.withRefcountOrder(order)));
    }
    image.barrier();
    image.forgetCounting();
  }

  /** Sets "ours alone" exactly where one user is counted. */
  private void fixCopied() {
    Refcounts counts = new Refcounts(image.file(), image.header(), 4 << 20);
    for (int i = 0; i < image.l1Length(); i++) {
      long table = image.l2Table(i);
      if (table == 0) {
        continue;
      }
      fixTable(counts, table);
      image.setL1(i, flagged(image.l1(i), users(counts, table)));
    }
    image.writeBack();
  }

  private void fixTable(Refcounts counts, long table) {
    for (int at = 0; at < geometry.clusterSize(); at += geometry.pageSize()) {
      var page = image.l2().page(table + at);
      for (int i = 0; i < geometry.pageSize(); i += geometry.entryBytes()) {
        long entry = page.bytes.getLong(i);
        long host = entry & L2Entry.OFFSET;
        if ((entry & L2Entry.COMPRESSED) != 0 || host == 0 || image.external()) {
          continue;
        }
        long right = flagged(entry, users(counts, host));
        if (right != entry) {
          page.bytes.putLong(i, right);
          image.l2().changed(page, i, i + 8);
        }
      }
    }
  }

  private long users(Refcounts counts, long offset) {
    return counts.get(offset >>> geometry.clusterBits());
  }

  private static long flagged(long entry, long users) {
    return users == 1 ? entry | L2Entry.COPIED : entry & ~L2Entry.COPIED;
  }
}
