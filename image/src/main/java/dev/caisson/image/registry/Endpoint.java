/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Reference;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Where one registry's API is, and which other addresses it may send us to.
 *
 * @param registry as in image names; names credentials and certificates
 * @param base scheme, host and port, without a path
 */
record Endpoint(String registry, URI base) {
  private static final String HUB_HOST = "registry-1." + Reference.DEFAULT_REGISTRY;

  /** The registry itself. */
  static Endpoint of(String registry, RegistryOptions options) {
    var host = registry.equals(Reference.DEFAULT_REGISTRY) ? HUB_HOST : registry;
    boolean plain =
        options.insecure().contains(registry)
            || (loopback(hostOf(host)) && Certificates.find(options, registry).isEmpty());
    return new Endpoint(registry, URI.create((plain ? "http" : "https") + "://" + host));
  }

  /** A mirror, whose own host names its credentials. */
  static Endpoint mirror(URI address) {
    return new Endpoint(address.getRawAuthority(), address.resolve("/"));
  }

  URI resolve(String path) {
    return base.resolve(path);
  }

  /**
   * Whether a request may go on to {@code target}: never to another kind of address, never from TLS
   * to plain text, never from the network to this host.
   *
   * @throws ImageException INVALID
   */
  URI requireAllowed(URI target) {
    var scheme = Optional.ofNullable(target.getScheme()).orElse("").toLowerCase(Locale.ROOT);
    var host = target.getHost();
    boolean web = scheme.equals("https") || scheme.equals("http");
    if (!web || host == null) {
      throw refused(target, "is no web address");
    }
    if (scheme.equals("http") && base.getScheme().equals("https")) {
      throw refused(target, "gives up TLS");
    }
    if (loopback(host) && !loopback(base.getHost())) {
      throw refused(target, "is on this host");
    }
    return target;
  }

  private ImageException refused(URI target, String reason) {
    return new ImageException(
        Kind.INVALID, "registry " + registry + " sends us to " + target + ", which " + reason);
  }

  /** Whether {@code target} is this very server. */
  boolean sameServer(URI target) {
    return target.getScheme().equalsIgnoreCase(base.getScheme())
        && target.getRawAuthority().equalsIgnoreCase(base.getRawAuthority());
  }

  /**
   * Whether credentials for this registry may be shown to a token server: it is this host, or of
   * the same domain.
   */
  boolean trustsWithCredentials(URI realm) {
    var own = base.getHost().toLowerCase(Locale.ROOT);
    var other = realm.getHost().toLowerCase(Locale.ROOT);
    return own.equals(other)
        || (loopback(own) && loopback(other))
        || (!numeric(own) && domain(own).equals(domain(other)));
  }

  private static boolean numeric(String host) {
    return host.indexOf(':') >= 0 || host.matches("[0-9.]+");
  }

  // The part of a name that one owner holds: two labels, or three below short ones as "co.uk".
  private static String domain(String host) {
    var labels = host.split("\\.");
    int last = labels.length - 1;
    boolean shortSecond = last >= 2 && labels[last].length() == 2 && labels[last - 1].length() <= 3;
    int count = Math.min(labels.length, shortSecond ? 3 : 2);
    return String.join(".", Arrays.copyOfRange(labels, labels.length - count, labels.length));
  }

  static boolean loopback(String host) {
    var name = host.toLowerCase(Locale.ROOT);
    return name.equals("localhost")
        || name.endsWith(".localhost")
        || name.equals("[::1]")
        || name.equals("::1")
        || name.equals("0.0.0.0")
        || name.equals("[::]")
        || name.matches("127\\.[0-9]+\\.[0-9]+\\.[0-9]+")
        || name.startsWith("[::ffff:127.")
        || name.startsWith("[::ffff:7f");
  }

  private static String hostOf(String authority) {
    int colon = authority.lastIndexOf(':');
    return colon > authority.lastIndexOf(']') ? authority.substring(0, colon) : authority;
  }
}
