/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.chain;

import dev.caisson.disk.Extent;
import java.util.Arrays;
import java.util.List;

/** Collects the runs of one page; neighbours that continue each other become one. */
final class ChainPageBuilder {
  private final List<? extends Layer> layers;
  private final long pageStart;
  private int[] starts = new int[16];
  private int[] answers = new int[16];
  private long[] hosts = new long[16];
  private int count;

  ChainPageBuilder(List<? extends Layer> layers, long pageStart) {
    this.layers = layers;
    this.pageStart = pageStart;
  }

  int[] starts() {
    return Arrays.copyOf(starts, count);
  }

  int[] answers() {
    return Arrays.copyOf(answers, count);
  }

  long[] hosts() {
    return Arrays.copyOf(hosts, count);
  }

  /**
   * Fills {@code [from, to)} layer by layer. Not recursive: what a layer leaves open is kept as a
   * list of gaps for the next one, since a chain may be deeper than a stack.
   */
  void fill(int from, int to) {
    Gaps open = new Gaps();
    open.add(from, to);
    Piece[] pieces = new Piece[16];
    int pieceCount = 0;
    for (int depth = 0; depth < layers.size() && open.count > 0; depth++) {
      Layer layer = layers.get(depth);
      Gaps next = new Gaps();
      for (int i = 0; i < open.count; i++) {
        for (int at = open.from[i]; at < open.to[i]; ) {
          var extent = ask(layer, at, open.to[i]);
          if (extent.kind() == Extent.Kind.HOLE && depth + 1 < layers.size()) {
            next.add(at, at + (int) extent.length());
          } else {
            if (pieceCount == pieces.length) {
              pieces = Arrays.copyOf(pieces, pieceCount * 2);
            }
            pieces[pieceCount++] =
                new Piece(
                    at,
                    ChainPage.answer(depth, extent.kind()),
                    layer.isPlain() ? extent.hostOffset() : -1);
          }
          at += (int) extent.length();
        }
      }
      open = next;
    }
    Arrays.sort(pieces, 0, pieceCount, (a, b) -> Integer.compare(a.start, b.start));
    for (int i = 0; i < pieceCount; i++) {
      append(pieces[i]);
    }
  }

  private record Piece(int start, int answer, long host) {}

  /** What a layer says; beyond its own end it says zero, whatever lies deeper. */
  private Extent ask(Layer layer, int at, int to) {
    long offset = pageStart + at;
    long there = Math.min(layer.size() - offset, to - at);
    return there <= 0
        ? new Extent(offset, to - at, Extent.Kind.ZERO, 0, -1)
        : layer.own(offset, there);
  }

  private void append(Piece piece) {
    if (count > 0 && continues(piece)) {
      return;
    }
    if (count == starts.length) {
      starts = Arrays.copyOf(starts, count * 2);
      answers = Arrays.copyOf(answers, count * 2);
      hosts = Arrays.copyOf(hosts, count * 2);
    }
    starts[count] = piece.start;
    answers[count] = piece.answer;
    hosts[count++] = piece.host;
  }

  private boolean continues(Piece piece) {
    int last = count - 1;
    boolean sameAnswer = answers[last] == piece.answer;
    boolean follows =
        hosts[last] < 0 ? piece.host < 0 : piece.host == hosts[last] + piece.start - starts[last];
    return sameAnswer && follows;
  }

  /** Ranges nobody has answered for yet, in order. */
  private static final class Gaps {
    private int[] from = new int[8];
    private int[] to = new int[8];
    private int count;

    void add(int start, int end) {
      if (count > 0 && to[count - 1] == start) {
        to[count - 1] = end;
        return;
      }
      if (count == from.length) {
        from = Arrays.copyOf(from, count * 2);
        to = Arrays.copyOf(to, count * 2);
      }
      from[count] = start;
      to[count++] = end;
    }
  }
}
