/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Refuses what a web page made a browser send to a TCP listener: the browser has the user's
 * certificate, or reaches loopback, where the page's author has neither. Unix sockets are beyond a
 * browser's reach.
 */
final class CrossSite {
  private static final List<String> LOOPBACK = List.of("127.0.0.1", "localhost", "::1", "[::1]");

  private CrossSite() {}

  /** Answers 403 to the requests of other sites, and hands all others on. */
  static Handler around(Handler inner) {
    return new Handler.Wrapper(inner) {
      @Override
      public boolean handle(Request request, Response response, Callback callback)
          throws Exception {
        Optional<String> refused = refusal(request);
        if (refused.isEmpty()) {
          return super.handle(request, response, callback);
        }
        Response.writeError(request, response, callback, 403, refused.get());
        return true;
      }
    };
  }

  private static Optional<String> refusal(Request request) {
    if (!(request.getConnectionMetaData().getLocalSocketAddress()
        instanceof InetSocketAddress tcp)) {
      return Optional.empty();
    }
    return refusal(
        request.getHeaders(),
        Request.getServerName(request),
        tcp.getAddress() != null && tcp.getAddress().isLoopbackAddress() && !request.isSecure());
  }

  /**
   * @param host the name by which the client asked for us
   * @param plainLoopback no certificate is asked for, so the name must be loopback's: a page's own
   *     name may be made to resolve to 127.0.0.1
   */
  static Optional<String> refusal(HttpFields headers, String host, boolean plainLoopback) {
    if ("cross-site".equals(headers.get("Sec-Fetch-Site"))) {
      return Optional.of("a page of another site may not ask this");
    }
    String origin = headers.get("Origin");
    if (origin != null && !host.equalsIgnoreCase(site(origin))) {
      return Optional.of("a page of " + site(origin) + " may not ask this");
    }
    if (plainLoopback && !LOOPBACK.contains(host.toLowerCase(Locale.ROOT))) {
      return Optional.of("ask for localhost, not for '" + host + "'");
    }
    return Optional.empty();
  }

  private static String site(String origin) {
    try {
      String host = URI.create(origin).getHost();
      return host == null ? "(unknown)" : host;
    } catch (IllegalArgumentException malformed) {
      return "(unknown)";
    }
  }
}
