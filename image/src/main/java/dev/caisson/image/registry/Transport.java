/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.net.http.HttpClient;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;

/** HTTP clients, one for each set of certificates. They follow no redirect by themselves. */
final class Transport {
  private final RegistryOptions options;
  private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

  Transport(RegistryOptions options) {
    this.options = options;
  }

  HttpClient client(String registry) {
    var folder = Certificates.find(options, registry);
    return clients.computeIfAbsent(
        folder.map(_ -> registry).orElse(""),
        _ -> {
          var builder =
              HttpClient.newBuilder()
                  // Parallel blobs go faster over connections of their own.
                  .version(HttpClient.Version.HTTP_1_1)
                  .followRedirects(HttpClient.Redirect.NEVER)
                  .connectTimeout(options.connectTimeout())
                  .executor(Executors.newVirtualThreadPerTaskExecutor());
          var context = folder.map(Certificates::context).orElseGet(Transport::systemContext);
          return builder.sslContext(context).sslParameters(quickFirst(context)).build();
        });
  }

  private static SSLContext systemContext() {
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has a default for TLS", e);
    }
  }

  // AES needs the JVM's second compiler, which the engine does without; ChaCha20 is several times
  // quicker there. Most servers take what the client names first. RFC 8446, 4.1.2
  private static SSLParameters quickFirst(SSLContext context) {
    var parameters = context.getDefaultSSLParameters();
    parameters.setCipherSuites(
        Arrays.stream(parameters.getCipherSuites())
            .sorted(Comparator.comparing((String suite) -> !suite.contains("CHACHA20")))
            .toArray(String[]::new));
    return parameters;
  }
}
