/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.sandbox.Unavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Whether this processor runs guests itself. A /dev/kvm that opens proves nothing: some hosts offer
 * one that runs no Linux.
 */
public final class HardwareVirtualization {
  private static final Pattern FLAG =
      Pattern.compile("^flags\\s*:.*\\b(vmx|svm)\\b", Pattern.MULTILINE);

  private final Path processors;
  private final Path device;

  public HardwareVirtualization() {
    this(Path.of("/proc/cpuinfo"), Path.of("/dev/kvm"));
  }

  HardwareVirtualization(Path processors, Path device) {
    this.processors = processors;
    this.device = device;
  }

  /** Why this process cannot use it. */
  public Optional<Unavailable> missing() {
    if (flag().isEmpty()) {
      return Optional.of(
          new Unavailable(
              "the processor flags in " + processors + " have neither vmx nor svm",
              "enable virtualization in the firmware, or nested virtualization on the host of this"
                  + " machine"));
    }
    if (!Files.exists(device)) {
      return Optional.of(
          new Unavailable(device + " is not there", "modprobe kvm-" + vendor(flag().get())));
    }
    if (!Files.isReadable(device) || !Files.isWritable(device)) {
      return Optional.of(
          new Unavailable(
              "no right to open " + device, "usermod -aG kvm " + System.getProperty("user.name")));
    }
    return Optional.empty();
  }

  private static String vendor(String flag) {
    return flag.equals("vmx") ? "intel" : "amd";
  }

  private Optional<String> flag() {
    try {
      var found = FLAG.matcher(Files.readString(processors));
      return found.find() ? Optional.of(found.group(1)) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // nothing says that there is any
    }
  }
}
