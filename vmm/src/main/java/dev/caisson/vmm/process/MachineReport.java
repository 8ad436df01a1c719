/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.process;

import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.machine.MachineEnd;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a {@link MachineProcess} tells, a message each. */
public sealed interface MachineReport {
  /** The longest message, bytes. */
  int LONGEST = 16 << 10;

  /** The guest's first instruction can run. */
  record Running() implements MachineReport {}

  /** As it was asked: the machine is paused, or goes on. */
  record Done() implements MachineReport {}

  /** It cannot do what it was asked. */
  record Refused(VmmException.Kind kind, String reason) implements MachineReport {}

  /** No vCPU runs any more; the process ends. */
  record Ended(MachineEnd.Kind kind, String cause) implements MachineReport {}

  /** The form in which it travels: a letter, a kind, a text. */
  default byte[] encode() {
    return switch (this) {
      case Running() -> bytes('R', "", "");
      case Done() -> bytes('D', "", "");
      case Refused(VmmException.Kind kind, String reason) -> bytes('N', kind.name(), reason);
      case Ended(MachineEnd.Kind kind, String cause) -> bytes('E', kind.name(), cause);
    };
  }

  private static byte[] bytes(char letter, String kind, String text) {
    byte[] all = (letter + kind + "\n" + text).getBytes(StandardCharsets.UTF_8);
    return all.length <= LONGEST ? all : Arrays.copyOf(all, LONGEST);
  }

  /**
   * What bytes of a process say that a guest may have taken over.
   *
   * @throws VmmException INVALID for what is no report
   */
  static MachineReport parse(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int line = text.indexOf('\n');
    if (line < 1) {
      throw invalid();
    }
    String kind = text.substring(1, line);
    String words = text.substring(line + 1);
    try {
      return switch (text.charAt(0)) {
        case 'R' -> new Running();
        case 'D' -> new Done();
        case 'N' -> new Refused(VmmException.Kind.valueOf(kind), words);
        case 'E' -> new Ended(MachineEnd.Kind.valueOf(kind), words);
        default -> throw invalid();
      };
    } catch (IllegalArgumentException e) {
      throw invalid();
    }
  }

  private static VmmException invalid() {
    return new VmmException(VmmException.Kind.INVALID, "a machine's process sent no report");
  }
}
