/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.server.http.HttpException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a request wants of the host beyond an ordinary container: written to the log each time, and
 * refused with 403 where the engine was started so.
 *
 * <p>Whoever may open the socket is root by it; refusing makes that a choice of whoever starts the
 * engine, for a socket that is handed to a build or to tests.
 */
final class HostAccess {
  private static final Logger LOG = System.getLogger("dev.caisson.access");

  /** A way through the wall. */
  enum Kind {
    /** Privileged containers and execs, added capabilities, security options switched off. */
    PRIVILEGED,
    /** Namespaces and the network of the host. */
    HOST_NAMESPACES,
    /** Bind mounts, and volumes whose driver options name a device. */
    HOST_PATHS,
    /** Device nodes and rules for them. */
    DEVICES;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  private final Set<Kind> refused;

  HostAccess(Set<Kind> refused) {
    this.refused = refused;
  }

  /**
   * @param words kinds separated by commas, as {@code privileged,host-paths}; empty refuses nothing
   * @throws IllegalArgumentException naming an unknown one
   */
  static HostAccess refusing(String words) {
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    for (String word : words.isBlank() ? new String[0] : words.split(",")) {
      kinds.add(
          Arrays.stream(Kind.values())
              .filter(kind -> kind.toString().equals(word.strip()))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "refuse takes "
                          + Arrays.stream(Kind.values())
                              .map(Kind::toString)
                              .collect(Collectors.joining(", "))
                          + ", not '"
                          + word.strip()
                          + "'")));
    }
    return new HostAccess(kinds);
  }

  /** Everything that {@code spec} wants, with what it is. */
  void check(InstanceSpec spec, String client) {
    Map<Kind, String> wanted = new EnumMap<>(Kind.class);
    privileges(spec, wanted);
    namespaces(spec, wanted);
    spec.storage().mounts().stream()
        .flatMap(HostAccess::hostPath)
        .forEach(path -> wanted.merge(Kind.HOST_PATHS, path, (a, b) -> a + " " + b));
    var resources = spec.resources();
    resources
        .devices()
        .forEach(device -> wanted.merge(Kind.DEVICES, device.hostPath(), (a, b) -> a + " " + b));
    resources
        .deviceRules()
        .forEach(rule -> wanted.merge(Kind.DEVICES, rule, (a, b) -> a + " " + b));
    wanted.forEach((kind, what) -> check(kind, what, client));
  }

  private static void privileges(InstanceSpec spec, Map<Kind, String> wanted) {
    var security = spec.security();
    if (security.privileged()) {
      wanted.put(Kind.PRIVILEGED, "Privileged");
    }
    Stream.concat(
            security.capabilitiesAdded().stream(),
            security.options().stream().filter(option -> option.contains("unconfined")))
        .forEach(each -> wanted.merge(Kind.PRIVILEGED, each, (a, b) -> a + " " + b));
  }

  private static void namespaces(InstanceSpec spec, Map<Kind, String> wanted) {
    var own = spec.namespaces();
    Map.of(
            "network", spec.networking().mode(),
            "ipc", own.ipc(),
            "pid", own.pid(),
            "uts", own.uts(),
            "user", own.user(),
            "cgroup", own.cgroup())
        .forEach((name, mode) -> {
          if (mode.equals("host")) {
            wanted.merge(Kind.HOST_NAMESPACES, name, (a, b) -> a + " " + b);
          }
        });
  }

  private static Stream<String> hostPath(MountSpec mount) {
    return switch (mount) {
      case MountSpec.Bind bind -> Stream.of(bind.source());
      case MountSpec.Volume volume -> device(volume.driverOptions()).stream();
      default -> Stream.empty();
    };
  }

  /** The host's path or device that a volume's driver options name. */
  static Optional<String> device(Map<String, String> driverOptions) {
    return Optional.ofNullable(driverOptions.get("device"));
  }

  /**
   * @param what for the log and the refusal, as the paths
   * @param client as it calls itself
   * @throws HttpException 403 when this kind is refused
   */
  void check(Kind kind, String what, String client) {
    boolean no = refused.contains(kind);
    LOG.log(
        Level.INFO,
        () -> (no ? "refused " : "allowed ") + kind + " (" + what + ") to '" + client + "'");
    if (no) {
      throw new HttpException(
          403, "this engine was started with --docker-refuse " + kind + ", and asked for: " + what);
    }
  }
}
