/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.net.http.HttpClient;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

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
          folder.map(Certificates::context).ifPresent(builder::sslContext);
          return builder.build();
        });
  }
}
