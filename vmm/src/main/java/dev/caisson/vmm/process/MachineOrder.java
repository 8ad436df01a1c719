/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.process;

import dev.caisson.virtio.device.DeviceType;
import dev.caisson.vmm.VmmException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link MachineProcess} is told to run. Beside it travel descriptors, in this order: the
 * KVM device, kernel, initial files, the file for the console, a stream socket for the control
 * port; then a connection to a back end for each lent device, and a tap for each card.
 *
 * @param name of its threads
 * @param memory bytes, whole pages
 * @param cpus 1 to 64
 * @param commandLine for the kernel
 */
public record MachineOrder(
    String name, long memory, int cpus, String commandLine, List<Lent> lent, List<Card> cards) {
  /** Descriptors beside those of devices. */
  public static final int FIXED_DESCRIPTORS = 5;

  /** The longest order, bytes. */
  static final int LONGEST = 32 << 10;

  private static final int MOST_DEVICES = 16;

  /**
   * A device that a back end of vhost-user serves.
   *
   * @param type FILE_SYSTEM or BLOCK
   * @param tag what a guest mounts; empty for a disk
   * @param requestQueues of a file system
   */
  public record Lent(DeviceType type, String tag, int requestQueues) {}

  /**
   * A network card on a tap.
   *
   * @param hardware address, as {@code 02:42:ac:11:00:02}
   */
  public record Card(String hardware, int mtu) {}

  public MachineOrder {
    lent = List.copyOf(lent);
    cards = List.copyOf(cards);
  }

  /** How many descriptors travel beside it. */
  public int descriptors() {
    return FIXED_DESCRIPTORS + lent.size() + cards.size();
  }

  /** The form in which it travels. */
  public byte[] encode() {
    var bytes = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      out.writeUTF(name);
      out.writeLong(memory);
      out.writeInt(cpus);
      out.writeUTF(commandLine);
      out.writeInt(lent.size());
      for (Lent device : lent) {
        out.writeUTF(device.type.name());
        out.writeUTF(device.tag);
        out.writeInt(device.requestQueues);
      }
      out.writeInt(cards.size());
      for (Card card : cards) {
        out.writeUTF(card.hardware);
        out.writeInt(card.mtu);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (bytes.size() > LONGEST) {
      throw new VmmException(
          VmmException.Kind.INVALID, "a machine's description of " + bytes.size() + " bytes");
    }
    return bytes.toByteArray();
  }

  /**
   * @throws VmmException INVALID when the bytes are no such order
   */
  static MachineOrder parse(byte[] bytes) {
    try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      String name = in.readUTF();
      long memory = in.readLong();
      int cpus = in.readInt();
      String commandLine = in.readUTF();
      List<Lent> lent = new ArrayList<>();
      for (int i = count(in); i > 0; i--) {
        lent.add(new Lent(DeviceType.valueOf(in.readUTF()), in.readUTF(), in.readInt()));
      }
      List<Card> cards = new ArrayList<>();
      for (int i = count(in); i > 0; i--) {
        cards.add(new Card(in.readUTF(), in.readInt()));
      }
      return new MachineOrder(name, memory, cpus, commandLine, lent, cards);
    } catch (IOException | IllegalArgumentException e) {
      throw new VmmException(VmmException.Kind.INVALID, "no order for a machine: " + e, e);
    }
  }

  private static int count(DataInputStream in) throws IOException {
    int count = in.readInt();
    if (count < 0 || count > MOST_DEVICES) {
      throw new IOException(count + " devices");
    }
    return count;
  }
}
