/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The capabilities of Linux, with their numbers. include/uapi/linux/capability.h */
public enum Capability {
  CHOWN(0),
  DAC_OVERRIDE(1),
  DAC_READ_SEARCH(2),
  FOWNER(3),
  FSETID(4),
  KILL(5),
  SETGID(6),
  SETUID(7),
  SETPCAP(8),
  LINUX_IMMUTABLE(9),
  NET_BIND_SERVICE(10),
  NET_BROADCAST(11),
  NET_ADMIN(12),
  NET_RAW(13),
  IPC_LOCK(14),
  IPC_OWNER(15),
  SYS_MODULE(16),
  SYS_RAWIO(17),
  SYS_CHROOT(18),
  SYS_PTRACE(19),
  SYS_PACCT(20),
  SYS_ADMIN(21),
  SYS_BOOT(22),
  SYS_NICE(23),
  SYS_RESOURCE(24),
  SYS_TIME(25),
  SYS_TTY_CONFIG(26),
  MKNOD(27),
  LEASE(28),
  AUDIT_WRITE(29),
  AUDIT_CONTROL(30),
  SETFCAP(31),
  MAC_OVERRIDE(32),
  MAC_ADMIN(33),
  SYSLOG(34),
  WAKE_ALARM(35),
  BLOCK_SUSPEND(36),
  AUDIT_READ(37),
  PERFMON(38),
  BPF(39),
  CHECKPOINT_RESTORE(40);

  /** Docker's fourteen. */
  public static final Set<Capability> DEFAULT =
      Collections.unmodifiableSet(
          EnumSet.of(
              CHOWN,
              DAC_OVERRIDE,
              FSETID,
              FOWNER,
              MKNOD,
              NET_RAW,
              SETGID,
              SETUID,
              SETFCAP,
              SETPCAP,
              NET_BIND_SERVICE,
              SYS_CHROOT,
              KILL,
              AUDIT_WRITE));

  private final int number;

  Capability(int number) {
    this.number = number;
  }

  /** {@code 1 << number}, as in the kernel's masks. */
  public long bit() {
    return 1L << number;
  }

  /** The one called {@code NET_ADMIN}, {@code CAP_NET_ADMIN} or either in small letters. */
  public static Optional<Capability> named(String text) {
    String name = text.toUpperCase(Locale.ROOT);
    String bare = name.startsWith("CAP_") ? name.substring(4) : name;
    return Arrays.stream(values()).filter(each -> each.name().equals(bare)).findFirst();
  }

  /** As {@link #named}; what is no capability is refused. */
  public static Capability parse(String text) {
    return named(text)
        .orElseThrow(() -> SandboxException.invalid("capability \"" + text + "\"", "is unknown"));
  }

  /**
   * Docker's rule for {@code --cap-add} and {@code --cap-drop}: "ALL" may stand in either list, and
   * adding one wins over dropping all.
   */
  public static Set<Capability> choose(Collection<String> add, Collection<String> drop) {
    boolean all = add.stream().anyMatch("ALL"::equalsIgnoreCase);
    boolean none = drop.stream().anyMatch("ALL"::equalsIgnoreCase);
    EnumSet<Capability> chosen =
        all
            ? EnumSet.allOf(Capability.class)
            : none ? EnumSet.noneOf(Capability.class) : EnumSet.copyOf(DEFAULT);
    drop.stream()
        .filter(name -> !name.equalsIgnoreCase("ALL"))
        .map(Capability::parse)
        .forEach(chosen::remove);
    add.stream()
        .filter(name -> !name.equalsIgnoreCase("ALL"))
        .map(Capability::parse)
        .forEach(chosen::add);
    return chosen;
  }
}
