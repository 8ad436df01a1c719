/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import dev.caisson.sandbox.workload.Capability;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Who the workload is and what the kernel lets it do. */
public sealed interface IdentityAction extends Action {

  /** Drops what is not named from the bounding set. Before {@link SwitchUser}. capabilities(7) */
  record LimitCapabilities(Set<Capability> bounding) implements IdentityAction {
    public LimitCapabilities {
      bounding = Set.copyOf(bounding);
    }
  }

  /**
   * Sets groups, group and user for good; capabilities stay until {@link HoldCapabilities}.
   *
   * @param groups supplementary groups; absent where setgroups(2) is denied (a rootless single-id
   *     map)
   */
  record SwitchUser(long user, long group, Optional<List<Long>> groups) implements IdentityAction {
    public SwitchUser {
      Ids.check(user);
      Ids.check(group);
      groups = groups.map(List::copyOf);
      groups.ifPresent(list -> list.forEach(Ids::check));
    }
  }

  /** Sets the four other sets exactly. After {@link SwitchUser}. capset(2) */
  record HoldCapabilities(
      Set<Capability> effective,
      Set<Capability> permitted,
      Set<Capability> inheritable,
      Set<Capability> ambient)
      implements IdentityAction {
    public HoldCapabilities {
      effective = Set.copyOf(effective);
      permitted = Set.copyOf(permitted);
      inheritable = Set.copyOf(inheritable);
      ambient = Set.copyOf(ambient);
    }
  }

  /** No program run from here on gains rights by setuid or file capabilities. prctl(2) */
  record RefuseNewPrivileges() implements IdentityAction {}

  /**
   * Starts a session keyring of its own, so that the engine's keys stay out of reach. keyrings(7)
   */
  record JoinKeyring(String name) implements IdentityAction {}

  /** What a filter is loaded with. linux/seccomp.h */
  enum FilterFlag implements Coded {
    LOG(0x2),
    ALLOW_SPECULATION(0x4),
    NEW_LISTENER(0x8),
    WAIT_KILLABLE(0x20);

    private final long flag;

    FilterFlag(long flag) {
      this.flag = flag;
    }

    @Override
    public long code() {
      return flag;
    }
  }

  /** Where a filter's notifications go: a descriptor sent over a Unix socket, with a text. */
  record Listener(String socket, String message) {}

  /**
   * Loads a system call filter.
   *
   * @param program classic BPF instructions, 8 bytes each, in the machine's order
   */
  record FilterCalls(Bytes program, Set<FilterFlag> flags, Optional<Listener> listener)
      implements IdentityAction {
    public FilterCalls {
      flags = Set.copyOf(flags);
    }
  }

  /** The security modules whose label a process takes on exec. */
  enum LabelKind implements Coded {
    APPARMOR(1),
    SELINUX(2);

    private final int code;

    LabelKind(int code) {
      this.code = code;
    }

    @Override
    public long code() {
      return code;
    }
  }

  /** Asks for a security label on exec, written only to a file of a real procfs. */
  record LabelOnExec(LabelKind kind, String label) implements IdentityAction {}
}
