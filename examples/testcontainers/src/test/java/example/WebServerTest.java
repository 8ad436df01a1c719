/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/** A web server in a container, written as for any Docker daemon. */
class WebServerTest {
  @Test
  void answersOnItsPublishedPort() throws Exception {
    try (GenericContainer<?> web =
        new GenericContainer<>(DockerImageName.parse("busybox:latest"))
            .withCopyToContainer(Transferable.of("hello"), "/www/index.html")
            .withCommand("httpd", "-f", "-p", "8080", "-h", "/www")
            .withExposedPorts(8080)) {
      web.start();
      URI address = URI.create("http://" + web.getHost() + ":" + web.getMappedPort(8080) + "/index.html");
      String answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString()).body();
      assertEquals("hello", answer);
      assertTrue(web.execInContainer("cat", "/www/index.html").getStdout().contains("hello"));
    }
  }
}
