/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.machine.network.NetworkPort;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.vhost.VhostUserServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The distribution's QEMU with software emulation: slow, but it needs nothing of the CPU. Devices
 * are ours, lent to it over vhost-user, so that guests cannot tell the engines apart.
 */
public final class Qemu implements MachineEngine {
  private static final String PROGRAM = "qemu-system-x86_64";
  private static final List<Path> PLACES =
      List.of(Path.of("/usr/bin"), Path.of("/usr/local/bin"), Path.of("/usr/libexec"));
  private static final int POLL_MILLIS = 5;

  @Override
  public String name() {
    return "qemu";
  }

  @Override
  public String transportModule() {
    return "virtio_pci";
  }

  @Override
  public Optional<Unavailable> unavailable() {
    return program().isPresent()
        ? Optional.empty()
        : Optional.of(
            new Unavailable(
                PROGRAM + " is not installed", "on Debian: apt-get install qemu-system-x86"));
  }

  private static Optional<Path> program() {
    return PLACES.stream()
        .map(place -> place.resolve(PROGRAM))
        .filter(Files::isExecutable)
        .findFirst();
  }

  @Override
  public RunningMachine start(MachineSpec spec) {
    Path directory = spec.directory();
    List<VhostUserServer> lent = new ArrayList<>();
    List<AutoCloseable> opened = new ArrayList<>();
    try {
      ServerSocketChannel control = listen(directory.resolve("control"), opened);
      ServerSocketChannel monitor = listen(directory.resolve("monitor"), opened);
      for (int i = 0; i < spec.devices().size(); i++) {
        lent.add(new VhostUserServer(directory.resolve("device" + i), spec.devices().get(i)));
      }
      Path log = directory.resolve("qemu.log");
      Process process =
          new ProcessBuilder(command(spec))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      opened.add(process::destroyForcibly);
      SocketChannel controlStream = accept(control, process, log);
      opened.add(controlStream);
      SocketChannel monitorStream = accept(monitor, process, log);
      control.close();
      monitor.close();
      return new QemuMachine(
          process, controlStream, new QemuMonitor(monitorStream), lent, directory);
    } catch (IOException | RuntimeException e) {
      opened.forEach(Qemu::closeQuietly);
      lent.forEach(VhostUserServer::close);
      if (e instanceof SandboxException refused) {
        throw refused;
      }
      throw new SandboxException(
          SandboxException.Kind.FAILED, spec.id() + ": cannot start QEMU: " + e.getMessage(), e);
    }
  }

  private static void closeQuietly(AutoCloseable opened) {
    try {
      opened.close();
    } catch (Exception e) {
      System.getLogger(Qemu.class.getName()).log(System.Logger.Level.DEBUG, "closing", e);
    }
  }

  private static ServerSocketChannel listen(Path path, List<AutoCloseable> opened)
      throws IOException {
    Files.deleteIfExists(path);
    ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    opened.add(listener);
    listener.bind(UnixDomainSocketAddress.of(path));
    listener.configureBlocking(false);
    return listener;
  }

  /** QEMU connects before the guest runs; if it ends instead, its words are the reason. */
  private static SocketChannel accept(ServerSocketChannel listener, Process process, Path log)
      throws IOException {
    while (true) {
      SocketChannel accepted = listener.accept();
      if (accepted != null) {
        return accepted;
      }
      if (!process.isAlive()) {
        throw new SandboxException(
            SandboxException.Kind.FAILED, "QEMU ended: " + Files.readString(log).strip());
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new SandboxException(SandboxException.Kind.FAILED, "interrupted", e);
      }
    }
  }

  private static List<String> command(MachineSpec spec) {
    Path directory = spec.directory();
    long mebibytes = spec.memory() >> 20;
    List<String> command = new ArrayList<>();
    Path program =
        program()
            .orElseThrow(
                () -> SandboxException.unsupported(PROGRAM, "is not installed on this host"));
    // In the namespace of its taps, where it also has no other network to reach.
    spec.networkNamespace()
        .ifPresent(namespace -> command.addAll(List.of("nsenter", "--net=" + namespace, "--")));
    command.add(program.toString());
    Stream.of(
            "-name",
            "caisson-" + spec.id(),
            "-nodefaults",
            "-no-user-config",
            "-no-reboot",
            "-display",
            "none",
            "-machine",
            "q35,accel=tcg,memory-backend=ram,hpet=on,vmport=off,smbus=off,sata=off",
            "-cpu",
            "max",
            "-smp",
            String.valueOf(spec.cpus()),
            "-m",
            mebibytes + "M",
            // Shared, so that our devices reach it; charged only where the guest touched it.
            "-object",
            "memory-backend-memfd,id=ram,share=on,size=" + mebibytes + "M",
            "-kernel",
            spec.kernel().toString(),
            "-initrd",
            spec.initialFiles().toString(),
            "-append",
            "console=ttyS0 " + spec.commandLine(),
            "-chardev",
            "file,id=console,path=" + option(directory.resolve("console.log")),
            "-serial",
            "chardev:console",
            "-chardev",
            "socket,id=control,path=" + option(directory.resolve("control")),
            "-device",
            "virtio-serial-pci,disable-legacy=on",
            "-device",
            "virtserialport,chardev=control,name=caisson.control",
            "-chardev",
            "socket,id=monitor,path=" + option(directory.resolve("monitor")),
            "-mon",
            "chardev=monitor,mode=control",
            "-device",
            "virtio-rng-pci,disable-legacy=on",
            // What a guest that took QEMU over could still ask of the host's kernel.
            "-sandbox",
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny")
        .forEach(command::add);
    for (int i = 0; i < spec.devices().size(); i++) {
      VirtioDevice device = spec.devices().get(i);
      String name = "device" + i;
      command.addAll(
          List.of(
              "-chardev",
              "socket,id=" + name + ",path=" + option(directory.resolve(name)),
              "-device",
              device(device, name, i)));
      if (device.type() == DeviceType.NET) {
        command.addAll(List.of("-netdev", "vhost-user,id=net" + i + ",chardev=" + name));
      }
    }
    for (NetworkPort port : spec.ports()) {
      command.addAll(
          List.of(
              "-netdev",
              "tap,id=" + port.tap() + ",ifname=" + port.tap() + ",script=no,downscript=no",
              "-device",
              "virtio-net-pci,disable-legacy=on,romfile=,netdev="
                  + port.tap()
                  + ",mac="
                  + port.hardware()));
    }
    return command;
  }

  private static String device(VirtioDevice device, String chardev, int index) {
    return switch (device.type()) {
      case FILE_SYSTEM ->
          "vhost-user-fs-pci,queue-size=1024,tag=caisson,num-request-queues="
              + (device.queueSizes().size() - 1)
              + ",chardev="
              + chardev;
      case BLOCK -> "vhost-user-blk-pci,chardev=" + chardev;
      case NET -> "virtio-net-pci,disable-legacy=on,netdev=net" + index;
      default ->
          throw SandboxException.unsupported(
              "device " + device.type(), "QEMU takes none like it over vhost-user");
    };
  }

  /** Commas separate QEMU's options; doubled they are text. */
  private static String option(Path path) {
    return path.toString().replace(",", ",,");
  }
}
