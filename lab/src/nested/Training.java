/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.kvm.Kvm;
import dev.caisson.virtio.console.ConsoleDevice;
import dev.caisson.virtio.console.ConsolePort;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.rng.EntropyDevice;
import java.io.IOException;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;

/**
 * Run on the host before the lab boots, to record what the Java runtime would otherwise find out in
 * the emulation, where everything takes more than ten times as long: all our classes loaded and
 * linked, and a machine put together and run for a moment, if the host has a /dev/kvm.
 */
final class Training {
  private static final long A_MOMENT_MILLIS = 1500;

  private Training() {}

  public static void main(String[] none) throws Exception {
    for (ResolvedModule module : ModuleLayer.boot().configuration().modules()) {
      if (module.name().startsWith("dev.caisson.")) {
        load(module.reference());
      }
    }
    if (Files.isWritable(Path.of("/dev/kvm"))) {
      VirtioDevice entropy = new EntropyDevice(new SecureRandom());
      VirtioDevice console = new ConsoleDevice(List.of(ConsolePort.named("lab")));
      try (Kvm kvm = Kvm.open();
          NestedGuest guest =
              NestedGuest.running(kvm, NestedGuest.Order.of("boot", entropy, console))) {
        Thread.sleep(A_MOMENT_MILLIS);
      }
    }
  }

  private static void load(ModuleReference module) throws IOException {
    try (ModuleReader reader = module.open()) {
      for (String file : reader.list().filter(name -> name.endsWith(".class")).toList()) {
        String name = file.substring(0, file.length() - ".class".length()).replace('/', '.');
        if (!name.equals("module-info")) {
          try {
            Class.forName(name, false, Training.class.getClassLoader());
          } catch (ClassNotFoundException | LinkageError e) {
            System.err.println("training goes on without " + name + ": " + e);
          }
        }
      }
    }
  }
}
