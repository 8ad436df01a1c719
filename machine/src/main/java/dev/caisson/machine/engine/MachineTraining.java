/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.process.Executable;
import dev.caisson.linux.process.Spawn;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.process.MachineLink;
import dev.caisson.vmm.process.MachineOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * For packaging: starts the process of a machine, unconfined, which records what its start needs.
 * Its machine is made and has no kernel, so that it is refused; without /dev/kvm it is refused
 * sooner, and less is recorded.
 */
public final class MachineTraining {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Path NOTHING = Path.of("/dev/null");
  private static final Path DEVICE = Path.of("/dev/kvm");

  private MachineTraining() {}

  /**
   * @param words the file to write
   */
  public static void main(String[] words) {
    List<UnixSocket> orders = UnixSocket.pair(SocketKind.SEQUENCED_PACKETS);
    List<Fd> files = new ArrayList<>();
    try (var link = new MachineLink(orders.getFirst(), "training");
        ChildProcess child = start(Path.of(words[0]), orders.getLast())) {
      refused(link, files);
      child.ended().join(); // once the record is written
    } finally {
      files.forEach(Fd::close);
    }
  }

  private static ChildProcess start(Path archive, UnixSocket orders) {
    List<String> command = MachineRuntime.ofThisProcess().training(archive, "caisson-training");
    try (orders;
        Fd output = Directory.openFile(NOTHING, 0, OpenFlag.READ_WRITE)) {
      var streams = new TreeMap<>(Map.of(0, orders.fd(), 1, output, 2, output));
      var program = new Executable.At(command.getFirst());
      return ChildProcess.start(new Spawn(program, command, List.of(), streams), "training");
    }
  }

  private static void refused(MachineLink link, List<Fd> files) {
    Path device = Files.isWritable(DEVICE) ? DEVICE : NOTHING;
    files.add(Directory.openFile(device, 0, OpenFlag.READ_WRITE));
    for (int i = files.size(); i < MachineOrder.FIXED_DESCRIPTORS; i++) {
      files.add(Directory.openFile(NOTHING, 0, OpenFlag.READ_WRITE));
    }
    var order = new MachineOrder("training", 64 << 20, 1, "none", List.of(), List.of());
    try {
      link.begin(order, files, PATIENCE);
    } catch (VmmException expected) {
      System.out.println(expected.getMessage());
    }
  }
}
