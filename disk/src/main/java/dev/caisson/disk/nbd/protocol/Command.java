/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

/** What a request asks an export to do, with the flags that make sense for it. */
public enum Command {
  READ(0, Flags.Command.FUA | Flags.Command.DF),
  WRITE(1, Flags.Command.FUA),
  DISCONNECT(2, 0xffff),
  FLUSH(3, Flags.Command.FUA),
  TRIM(4, Flags.Command.FUA),
  CACHE(5, Flags.Command.FUA),
  WRITE_ZEROES(6, Flags.Command.FUA | Flags.Command.NO_HOLE | Flags.Command.FAST_ZERO),
  BLOCK_STATUS(7, Flags.Command.FUA | Flags.Command.REQ_ONE),
  /** Any number this server does not know. */
  UNKNOWN(-1, 0);

  private static final Command[] BY_NUMBER = {
    READ, WRITE, DISCONNECT, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS
  };

  private final int number;
  private final int flags;

  Command(int number, int flags) {
    this.number = number;
    this.flags = flags;
  }

  public int number() {
    return number;
  }

  /** Whether all of {@code given} may come with this command. */
  public boolean accepts(int given) {
    return (given & ~flags) == 0;
  }

  public boolean changesData() {
    return this == WRITE || this == TRIM || this == WRITE_ZEROES;
  }

  static Command of(int number) {
    return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : UNKNOWN;
  }
}
