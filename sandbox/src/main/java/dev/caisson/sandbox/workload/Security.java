/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What a workload may not do.
 *
 * @param capabilities exactly the bounding, permitted and effective sets; the inheritable and
 *     ambient ones are empty
 * @param privileged all devices and no masks; the capabilities and filter are said on their own
 * @param appArmor a profile's name, or empty for none
 * @param seLinux a process label, or empty for none
 * @param maskedPaths covered, so that nothing can be read from them
 * @param readOnlyPaths may be read only
 * @param ownProcess what serves the workload's wall serves no other's: a process, user, control
 *     group and filter of its own. Containers have that in any case
 */
public record Security(
    Set<Capability> capabilities,
    boolean privileged,
    boolean noNewPrivileges,
    SyscallFilter syscalls,
    String appArmor,
    String seLinux,
    List<String> maskedPaths,
    List<String> readOnlyPaths,
    boolean ownProcess) {

  /** As Docker masks them. */
  public static final List<String> MASKED =
      List.of(
          "/proc/acpi",
          "/proc/asound",
          "/proc/interrupts",
          "/proc/kcore",
          "/proc/keys",
          "/proc/latency_stats",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
          "/sys/devices/virtual/powercap",
          "/sys/firmware");

  /** As Docker has them. */
  public static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  public static final Security DEFAULT =
      new Security(
          Capability.DEFAULT,
          false,
          false,
          new SyscallFilter.Default(),
          "",
          "",
          MASKED,
          READ_ONLY,
          false);

  public static final Security PRIVILEGED =
      new Security(
          EnumSet.allOf(Capability.class),
          true,
          false,
          new SyscallFilter.None(),
          "",
          "",
          List.of(),
          List.of(),
          false);

  public Security {
    capabilities = Set.copyOf(capabilities);
    maskedPaths = List.copyOf(maskedPaths);
    readOnlyPaths = List.copyOf(readOnlyPaths);
    maskedPaths.forEach(path -> Text.checkInnerPath("masked path", path));
    readOnlyPaths.forEach(path -> Text.checkInnerPath("read-only path", path));
    Text.check("AppArmor profile", appArmor, 4096);
    Text.check("SELinux label", seLinux, 4096);
  }

  public Security withCapabilities(Set<Capability> value) {
    return with(parts -> parts.capabilities = value);
  }

  public Security withSyscalls(SyscallFilter value) {
    return with(parts -> parts.syscalls = value);
  }

  public Security withNoNewPrivileges(boolean value) {
    return with(parts -> parts.noNewPrivileges = value);
  }

  public Security withPaths(List<String> masked, List<String> readOnly) {
    return with(parts -> {
      parts.maskedPaths = masked;
      parts.readOnlyPaths = readOnly;
    });
  }

  public Security withLabels(String appArmorProfile, String seLinuxLabel) {
    return with(parts -> {
      parts.appArmor = appArmorProfile;
      parts.seLinux = seLinuxLabel;
    });
  }

  public Security withOwnProcess(boolean value) {
    return with(parts -> parts.ownProcess = value);
  }

  private Security with(Consumer<Parts> change) {
    var parts = new Parts(this);
    change.accept(parts);
    return new Security(
        parts.capabilities,
        privileged,
        parts.noNewPrivileges,
        parts.syscalls,
        parts.appArmor,
        parts.seLinux,
        parts.maskedPaths,
        parts.readOnlyPaths,
        parts.ownProcess);
  }

  /** What can be changed of it, while it is. */
  private static final class Parts {
    private Set<Capability> capabilities;
    private boolean noNewPrivileges;
    private SyscallFilter syscalls;
    private String appArmor;
    private String seLinux;
    private List<String> maskedPaths;
    private List<String> readOnlyPaths;
    private boolean ownProcess;

    private Parts(Security from) {
      capabilities = from.capabilities;
      noNewPrivileges = from.noNewPrivileges;
      syscalls = from.syscalls;
      appArmor = from.appArmor;
      seLinux = from.seLinux;
      maskedPaths = from.maskedPaths;
      readOnlyPaths = from.readOnlyPaths;
      ownProcess = from.ownProcess;
    }
  }
}
