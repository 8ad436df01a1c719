/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.tls.TlsFiles;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where an export is: {@code nbd://host:port/export}, {@code nbd+unix:///export?socket=PATH}, and
 * {@code nbds} in place of {@code nbd} for TLS. The NBD project's {@code doc/uri.md}
 *
 * @param tls whether the connection must be encrypted
 * @param address host and port, not yet looked up, or the socket's path
 * @param export the export's name, empty for the default one
 * @param host the name a certificate must bear; absent for Unix sockets without {@code
 *     tls-hostname}
 * @param certificates a folder for {@link TlsFiles#client}, from {@code tls-certificates}
 */
public record NbdUri(
    boolean tls,
    SocketAddress address,
    String export,
    Optional<String> host,
    Optional<Path> certificates) {
  /** The port that IANA gave to NBD. */
  public static final int PORT = 10809;

  /** Whether {@code text} looks like one of these rather than a file name. */
  public static boolean matches(String text) {
    return text.matches("nbds?(\\+unix)?:.*");
  }

  /**
   * Reads a URI.
   *
   * @throws DiskException UNSUPPORTED if it is no NBD URI, with the reason
   */
  public static NbdUri parse(String text) {
    try {
      return parse(new URI(text));
    } catch (URISyntaxException | IllegalArgumentException wrong) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, text + ": not an NBD URI: " + wrong.getMessage(), wrong);
    }
  }

  private static NbdUri parse(URI uri) {
    String scheme = uri.getScheme() == null ? "" : uri.getScheme();
    var query = query(uri.getRawQuery() == null ? "" : uri.getRawQuery());
    // One slash divides; any more belong to the name.
    String path = uri.getPath() == null ? "" : uri.getPath();
    String export = path.startsWith("/") ? path.substring(1) : path;
    var certificates = Optional.ofNullable(query.get("tls-certificates")).map(Path::of);
    var name = Optional.ofNullable(query.get("tls-hostname"));
    boolean tls = scheme.startsWith("nbds");
    return switch (scheme) {
      case "nbd", "nbds" -> {
        if (uri.getHost() == null) {
          throw new IllegalArgumentException("it names no host");
        }
        String host = uri.getHost().replaceAll("^\\[|]$", "");
        int port = uri.getPort() < 0 ? PORT : uri.getPort();
        var address = InetSocketAddress.createUnresolved(host, port);
        yield new NbdUri(tls, address, export, name.or(() -> Optional.of(host)), certificates);
      }
      case "nbd+unix", "nbds+unix" -> {
        String socket = query.get("socket");
        if (socket == null) {
          throw new IllegalArgumentException("it names no socket; add ?socket=PATH");
        }
        yield new NbdUri(tls, UnixDomainSocketAddress.of(socket), export, name, certificates);
      }
      default ->
          throw new IllegalArgumentException("its scheme is not nbd, nbds, nbd+unix or nbds+unix");
    };
  }

  private static Map<String, String> query(String raw) {
    var values = new HashMap<String, String>();
    for (String pair : raw.split("&")) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        // A plus stands for itself in URIs; only forms read it as a space.
        String value = pair.substring(equals + 1).replace("+", "%2B");
        values.put(pair.substring(0, equals), URLDecoder.decode(value, StandardCharsets.UTF_8));
      }
    }
    return values;
  }

  @Override
  public String toString() {
    String scheme = tls ? "nbds" : "nbd";
    return address instanceof UnixDomainSocketAddress unix
        ? scheme + "+unix:///" + export + "?socket=" + unix.getPath()
        : scheme + "://" + place((InetSocketAddress) address) + "/" + export;
  }

  private static String place(InetSocketAddress inet) {
    String host = inet.getHostString();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + inet.getPort();
  }
}
