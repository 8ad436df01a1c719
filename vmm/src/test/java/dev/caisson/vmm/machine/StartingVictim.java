/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

import dev.caisson.kvm.Kvm;
import dev.caisson.kvm.KvmException;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.balloon.BalloonDevice;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.rng.EntropyDevice;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.BootFiles;
import dev.caisson.vmm.boot.TinyKernel;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Makes machines while fewer and fewer descriptors are left, in a process with a small limit of its
 * own, and says what became of each and what is open afterwards.
 */
final class StartingVictim {
  private StartingVictim() {}

  public static void main(String[] arguments) throws Exception {
    for (String folder : arguments[1].split(":")) {
      loadAll(Path.of(folder)); // later no class file could be opened
    }
    if (arguments.length > 2) {
      withFewThreads(Path.of(arguments[0]), Path.of(arguments[2]));
      return;
    }
    Path kernel = new TinyKernel().powerOff().write(Path.of(arguments[0]).resolve("kernel"));
    try (Kvm kvm = Kvm.open()) {
      for (int i = 0; i < 3; i++) {
        make(kvm, kernel);
      }
      for (int free = 0; free < 60; free++) {
        attempt(kvm, kernel, free);
      }
      int before = count("fd");
      int threads = count("task");
      for (int free = 0; free < 60; free++) {
        System.out.println(free + " left: " + attempt(kvm, kernel, free));
      }
      for (int i = 0; i < 150; i++) {
        make(kvm, kernel);
      }
      System.out.println("descriptors " + before + " " + count("fd"));
      System.out.println("threads " + threads + " " + count("task"));
    }
  }

  /**
   * @param group a control group whose limit of tasks is set to what there is, and a few more
   */
  private static void withFewThreads(Path directory, Path group) throws Exception {
    Path kernel = new TinyKernel().powerOff().write(directory.resolve("kernel"));
    try (Kvm kvm = Kvm.open()) {
      for (int i = 0; i < 3; i++) {
        make(kvm, kernel);
      }
      int descriptors = count("fd");
      for (int free = 0; free < 8; free++) {
        String tasks = Files.readString(group.resolve("pids.current")).strip();
        Files.writeString(
            group.resolve("pids.max"), Integer.toString(Integer.parseInt(tasks) + free));
        String how;
        try {
          how = make(kvm, kernel);
        } catch (VmmException e) {
          how = "VmmException " + e.getMessage();
        } finally {
          Files.writeString(group.resolve("pids.max"), "max");
        }
        System.out.println(free + " left: " + how);
      }
      System.out.println("descriptors " + descriptors + " " + count("fd"));
    }
  }

  private static String attempt(Kvm kvm, Path kernel, int free) throws Exception {
    List<Fd> filling = new ArrayList<>();
    try {
      while (true) {
        filling.add(Directory.openFile(Path.of("/dev/null"), 0, OpenFlag.READ));
      }
    } catch (LinuxException full) {
      for (int i = 0; i < free && !filling.isEmpty(); i++) {
        filling.removeLast().close();
      }
    }
    try {
      return make(kvm, kernel);
    } catch (VmmException | KvmException | LinuxException | FileSystemException e) {
      return e.getClass().getSimpleName() + " " + e.getMessage();
    } finally {
      filling.forEach(Fd::close);
    }
  }

  private static String make(Kvm kvm, Path kernel) throws Exception {
    List<Device> devices =
        List.of(
            new ConsoleDevice(List.of(ConsolePort.named("port"))),
            new EntropyDevice(new SecureRandom()),
            new BalloonDevice(pages -> {}));
    var config =
        new MachineConfig(
            "victim",
            4 << 20,
            MachineMemory.Backing.PRIVATE,
            2,
            List.of(),
            new BootFiles(kernel, Optional.empty(), "none"),
            devices,
            letter -> {});
    try (Machine machine = Machine.create(kvm, config)) {
      machine.start();
      return machine.ended().get(60, TimeUnit.SECONDS).kind().toString();
    }
  }

  private static int count(String what) throws IOException {
    try (Stream<Path> entries = Files.list(Path.of("/proc/self/" + what))) {
      return (int) entries.count();
    }
  }

  private static void loadAll(Path folder) throws IOException, ClassNotFoundException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder)) {
      files = all.filter(file -> file.toString().endsWith(".class")).toList();
    }
    for (Path file : files) {
      String name =
          folder.relativize(file).toString().replace('/', '.').replaceAll("[.]class$", "");
      if (name.startsWith("dev.caisson.") && !name.endsWith("module-info")) {
        loadOne(name);
      }
    }
  }

  private static void loadOne(String name) {
    try {
      Class.forName(name);
    } catch (ClassNotFoundException | LinkageError e) {
      return; // of another test, whose libraries are not here
    }
  }
}
