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
 * names: its user may not even look at the directories above. Everything else it needs is open when
 * it starts.
 */
final class QemuCommand {
  /** Descriptors of its process: kernel, initial files, then the tap of each port. */
  static final int KERNEL = 3;

  static final int INITIAL_FILES = 4;
  static final int FIRST_TAP = 5;

  /** Translated code is kept in so much; QEMU's own default depends on the host's memory. */
  private static final int TRANSLATIONS_MEBIBYTES = 256;

  /**
   * All that QEMU can emulate, so that programs for newer processors run; but for fast copies of
   * bytes, which it makes one byte at a time where kernel and libc would else copy eight.
   */
  private static final String PROCESSOR = "max,erms=off,fsrm=off";

  /**
   * Emulated clocks need no comparing, an emulated processor speculates on nothing, changing the
   * instructions of a kernel for one processor costs more than their locks do, and zeroing each
   * page before it is filled more than it guards: the wall is the machine.
   */
  private static final String FOR_KERNEL =
      "no_timer_check tsc=reliable mitigations=off noreplace-smp init_on_alloc=0";

  private final MachineSpec spec;
  private final MachineUser user;
  private final List<String> words = new ArrayList<>();

  /** The machine's devices are lent over sockets {@code device0}, {@code device1}, ... */
  QemuCommand(MachineSpec spec, MachineUser user) {
    this.spec = spec;
    this.user = user;
  }

  /**
   * @param directory where it runs
   */
  List<String> words(Path program, Path directory) {
    confine(directory);
    add(program.toString());
    machine();
    channels();
    add("-device", "virtio-rng-pci,disable-legacy=on");
    // Pages the guest has no use for go back to the host at once.
    add("-device", "virtio-balloon-pci,disable-legacy=on,free-page-reporting=on");
    for (int i = 0; i < spec.devices().size(); i++) {
      device(spec.devices().get(i), i);
    }
    for (int i = 0; i < spec.ports().size(); i++) {
      port(spec.ports().get(i), FIRST_TAP + i);
    }
    return words;
  }

  private void machine() {
    long mebibytes = spec.memory() >> 20;
    add("-name", "caisson-" + spec.id(), "-nodefaults", "-no-user-config", "-no-reboot");
    add("-display", "none");
    add("-machine", "q35,memory-backend=ram,hpet=on,vmport=off,smbus=off,sata=off");
    add("-accel", "tcg,tb-size=" + TRANSLATIONS_MEBIBYTES, "-cpu", PROCESSOR);
    add("-smp", String.valueOf(spec.cpus()), "-m", mebibytes + "M");
    // Shared, so that our devices reach it; charged only where the guest touched it.
    add("-object", "memory-backend-memfd,id=ram,share=on,size=" + mebibytes + "M");
    add("-kernel", "/dev/fd/" + KERNEL, "-initrd", "/dev/fd/" + INITIAL_FILES);
    add("-append", "console=ttyS0 " + FOR_KERNEL + " " + spec.commandLine());
    // What a guest that took QEMU over could still ask of the host's kernel.
    add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  }

  private void channels() {
    add("-chardev", "socket,id=console,path=console", "-serial", "chardev:console");
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

  private void port(NetworkPort port, int tap) {
    add("-netdev", "tap,id=" + port.tap() + ",fd=" + tap);
    add(
        "-device",
        "virtio-net-pci,disable-legacy=on,romfile=,netdev="
            + port.tap()
            + ",mac="
            + port.hardware());
  }

  /**
   * Without a network of its own, without rights, as nobody else's user; its taps lead out of
   * another namespace and were opened for it.
   */
  private void confine(Path directory) {
    add("unshare", "--net", "--ipc", "--uts", "--wd", directory.toString(), "--");
    add("setpriv", "--reuid", String.valueOf(user.number()));
    add("--regid", String.valueOf(user.number()), "--no-new-privs");
    add("--clear-groups");
    add("--bounding-set=-all", "--inh-caps=-all", "--");
  }

  private void add(String... more) {
    Collections.addAll(words, more);
  }
}
