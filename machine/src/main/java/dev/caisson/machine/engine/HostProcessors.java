/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;

/**
 * The processors of the host that a machine may use: {@code --cpuset-cpus}.
 *
 * @param mask one bit for each, 0 to 63; at least one
 */
public record HostProcessors(long mask) {
  private static final Path ONLINE = Path.of("/sys/devices/system/cpu/online");

  public HostProcessors {
    if (mask == 0) {
      throw new IllegalArgumentException("no processor");
    }
  }

  /**
   * @param list such as {@code 0-2,4}, of processors this host has
   * @throws SandboxException INVALID naming the list and what there is
   */
  public static HostProcessors ofThisHost(String list) {
    try {
      return of(list, Files.readString(ONLINE).strip());
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "cannot read " + ONLINE + ": " + e.getMessage(), e);
    }
  }

  /**
   * @param online what the host has, in the same form
   */
  static HostProcessors of(String list, String online) {
    BitSet wanted = parse(list);
    BitSet there = parse(online);
    BitSet missing = (BitSet) wanted.clone();
    missing.andNot(there);
    if (wanted.isEmpty() || !missing.isEmpty()) {
      throw SandboxException.invalid("processors " + list, "this host has " + online);
    }
    if (wanted.length() > Long.SIZE) {
      throw SandboxException.unsupported(
          "processors " + list + " of a thin machine", "choose among the first " + Long.SIZE);
    }
    return new HostProcessors(wanted.toLongArray()[0]);
  }

  /** Lists of the kernel's form. cpuset(7), "Formats" */
  private static BitSet parse(String list) {
    var numbers = new BitSet();
    for (String range : list.split(",")) {
      String[] ends = range.split("-", 2);
      int first = Integer.parseInt(ends[0]);
      int last = ends.length == 1 ? first : Integer.parseInt(ends[1]);
      if (last >= first) {
        numbers.set(first, last + 1);
      }
    }
    return numbers;
  }

  public int count() {
    return Long.bitCount(mask);
  }

  /** As the kernel takes it. */
  public String list() {
    var text = new StringBuilder();
    BitSet.valueOf(new long[] {mask}).stream()
        .forEach(number -> text.append(text.isEmpty() ? "" : ",").append(number));
    return text.toString();
  }
}
