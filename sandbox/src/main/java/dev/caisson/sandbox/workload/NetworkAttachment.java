/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How a workload reaches others, already prepared by the engine.
 *
 * @param mode where its network stack comes from
 * @param resolvConf the host file shown as /etc/resolv.conf; empty to leave the image's
 * @param hosts the host file shown as /etc/hosts
 * @param hostnameFile the host file shown as /etc/hostname
 */
public record NetworkAttachment(
    Mode mode, Optional<Path> resolvConf, Optional<Path> hosts, Optional<Path> hostnameFile) {

  /** A loopback interface and nothing else. */
  public static final NetworkAttachment NONE =
      new NetworkAttachment(new Isolated(), Optional.empty(), Optional.empty(), Optional.empty());

  public static final NetworkAttachment HOST =
      new NetworkAttachment(new OfHost(), Optional.empty(), Optional.empty(), Optional.empty());

  /** Where the network stack comes from. */
  public sealed interface Mode {}

  /** A new one with a loopback interface only. */
  public record Isolated() implements Mode {}

  /** The host's own. */
  public record OfHost() implements Mode {}

  /** A network namespace made ready beforehand. */
  public record Prepared(Path namespace) implements Mode {
    public Prepared {
      if (!namespace.isAbsolute()) {
        throw SandboxException.invalid("network namespace " + namespace, "must be absolute");
      }
    }
  }

  /** That of another running sandbox of the same isolation. */
  public record OfSandbox(String id) implements Mode {}

  public static NetworkAttachment prepared(Path namespace) {
    return new NetworkAttachment(
        new Prepared(namespace), Optional.empty(), Optional.empty(), Optional.empty());
  }
}
