/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.machine.network.NetworkPort;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.virtio.device.VirtioDevice;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * QEMU's command line. It runs in the machine's directory and names sockets there by their bare
 * names: its user may not even look at the directories above.
 */
final class QemuCommand {
  /** Opens kernel and initial files while it still may; all that follows finds them open. */
  private static final String OPEN_THEN_RUN = "exec 3<\"$1\" 4<\"$2\"; shift 2; exec \"$@\"";

  /** Emulated clocks need no comparing, and an emulated processor speculates on nothing. */
  private static final String EMULATED = "no_timer_check tsc=reliable mitigations=off";

  private final MachineSpec spec;
  private final MachineUser user;
  private final List<String> words = new ArrayList<>();

  /** The machine's devices are lent over sockets {@code device0}, {@code device1}, ... */
  QemuCommand(MachineSpec spec, MachineUser user) {
    this.spec = spec;
    this.user = user;
  }

  List<String> words(Path program) {
    add("/bin/sh", "-c", OPEN_THEN_RUN, "qemu");
    add(spec.kernel().toString(), spec.initialFiles().toString());
    confine();
    add(program.toString());
    machine();
    channels();
    add("-device", "virtio-rng-pci,disable-legacy=on");
    // Pages the guest has no use for go back to the host at once.
    add("-device", "virtio-balloon-pci,disable-legacy=on,free-page-reporting=on");
    for (int i = 0; i < spec.devices().size(); i++) {
      device(spec.devices().get(i), i);
    }
    spec.ports().forEach(this::port);
    return words;
  }

  private void machine() {
    long mebibytes = spec.memory() >> 20;
    add("-name", "caisson-" + spec.id(), "-nodefaults", "-no-user-config", "-no-reboot");
    add("-display", "none");
    add("-machine", "q35,accel=tcg,memory-backend=ram,hpet=on,vmport=off,smbus=off,sata=off");
    add("-cpu", "max", "-smp", String.valueOf(spec.cpus()), "-m", mebibytes + "M");
    // Shared, so that our devices reach it; charged only where the guest touched it.
    add("-object", "memory-backend-memfd,id=ram,share=on,size=" + mebibytes + "M");
    add("-kernel", "/dev/fd/3", "-initrd", "/dev/fd/4");
    add("-append", "console=ttyS0 " + EMULATED + " " + spec.commandLine());
    // What a guest that took QEMU over could still ask of the host's kernel.
    add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  }

  private void channels() {
    add("-chardev", "file,id=console,path=console.log", "-serial", "chardev:console");
    add("-chardev", "socket,id=control,path=control");
    add("-device", "virtio-serial-pci,disable-legacy=on");
    add("-device", "virtserialport,chardev=control,name=caisson.control");
    add("-chardev", "socket,id=monitor,path=monitor", "-mon", "chardev=monitor,mode=control");
  }

  private void device(VirtioDevice device, int number) {
    String name = "device" + number;
    add("-chardev", "socket,id=" + name + ",path=" + name);
    switch (device.type()) {
      case FILE_SYSTEM ->
          add(
              "-device",
              "vhost-user-fs-pci,queue-size=1024,tag=caisson,num-request-queues="
                  + (device.queueSizes().size() - 1)
                  + ",chardev="
                  + name);
      case BLOCK -> add("-device", "vhost-user-blk-pci,chardev=" + name);
      default ->
          throw SandboxException.unsupported(
              "device " + device.type(), "QEMU takes none like it over vhost-user");
    }
  }

  private void port(NetworkPort port) {
    add("-netdev", "tap,id=" + port.tap() + ",ifname=" + port.tap() + ",script=no,downscript=no");
    add(
        "-device",
        "virtio-net-pci,disable-legacy=on,romfile=,netdev="
            + port.tap()
            + ",mac="
            + port.hardware());
  }

  /**
   * A machine with a network is served in the network namespace of its taps, and opens them itself,
   * which takes the right to do so. One without has neither network nor rights.
   */
  private void confine() {
    if (!spec.ports().isEmpty()) {
      add("nsenter", "--net=" + spec.networkNamespace().orElseThrow(), "--");
      return;
    }
    add("unshare", "--net", "--");
    add("setpriv", "--reuid", String.valueOf(user.number()));
    add("--regid", String.valueOf(user.number()), "--clear-groups", "--no-new-privs");
    add("--bounding-set=-all", "--inh-caps=-all", "--");
  }

  private void add(String... more) {
    Collections.addAll(words, more);
  }
}
