/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.chain;

import dev.caisson.disk.Extent;
import java.util.Arrays;
import java.util.List;

/**
 * The index of one page of a chain: runs in order, each with its first byte, the layer that
 * answers, what it holds and where. 20 bytes a run in three arrays.
 */
final class ChainPage {
  /** The layer number of runs that read as zero. */
  static final int ZEROES = -1;

  private static final int HEADERS = 96;
  private static final List<Extent.Kind> KINDS = List.of(Extent.Kind.values());

  private final int[] starts;
  private final int[] answers;
  private final long[] hosts;
  private final int length;

  private ChainPage(int[] starts, int[] answers, long[] hosts, int length) {
    this.starts = starts;
    this.answers = answers;
    this.hosts = hosts;
    this.length = length;
  }

  /** Asks the layers, nearest first, until every byte of the page has its answer. */
  static ChainPage of(List<? extends Layer> layers, long start, long length) {
    var builder = new ChainPageBuilder(layers, start);
    builder.fill(0, (int) length);
    return new ChainPage(builder.starts(), builder.answers(), builder.hosts(), (int) length);
  }

  /** Packs a layer, or {@link #ZEROES}, its depth and a kind into one number. */
  static int answer(int layer, Extent.Kind kind) {
    return layer << 2 | KINDS.indexOf(kind);
  }

  int runAt(int inPage) {
    int found = Arrays.binarySearch(starts, inPage);
    return found >= 0 ? found : -found - 2;
  }

  int end(int run) {
    return run + 1 < starts.length ? starts[run + 1] : length;
  }

  Extent.Kind kind(int run) {
    return KINDS.get(answers[run] & 3);
  }

  /** Which layer says so, also of zeroes. */
  int depth(int run) {
    return answers[run] >> 2;
  }

  /** Whose bytes to read. */
  int layer(int run) {
    var kind = kind(run);
    return kind == Extent.Kind.ZERO || kind == Extent.Kind.HOLE ? ZEROES : depth(run);
  }

  /** Where byte {@code inPage} stands in the layer's file; -1 when the layer must be asked. */
  long host(int run, int inPage) {
    return hosts[run] < 0 ? -1 : hosts[run] + inPage - starts[run];
  }

  long bytes() {
    return HEADERS + starts.length * 16L;
  }
}
