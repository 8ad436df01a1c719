/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Defaults;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pulls from servers that behave, and from those that do not. notes/security.md 26 and 27. */
class RegistryTest {
  private static final RegistryOptions OPTIONS =
      new RegistryOptions(
          Set.of(), Map.of(), List.of(), Duration.ofSeconds(30), Duration.ofSeconds(30), 2, 4);

  @TempDir Path folder;
  private final byte[] layer = random(300_000);
  private final byte[] config =
      new ImageConfig(
              Platform.host(),
              Optional.empty(),
              Optional.empty(),
              Defaults.NONE,
              List.of(Digest.of(layer)),
              List.of())
          .toJson();
  private final byte[] manifest =
      Manifest.write(
          MediaType.OCI_MANIFEST,
          Descriptor.of(MediaType.OCI_CONFIG, config),
          List.of(Descriptor.of(MediaType.OCI_LAYER, layer)));
  private final String layerPath = "/v2/app/blobs/" + Digest.of(layer);

  private static byte[] random(int length) {
    var bytes = new byte[length];
    new Random(163).nextBytes(bytes);
    return bytes;
  }

  private TestServer.Answer honest(TestServer.Request request) {
    if (request.path().startsWith("/v2/app/manifests/")) {
      return TestServer.status(200, "Content-Type: " + MediaType.OCI_MANIFEST + "\r\n", manifest);
    }
    if (request.path().equals("/v2/app/blobs/" + Digest.of(config))) {
      return TestServer.ok(config);
    }
    return request.path().equals(layerPath) ? TestServer.ok(layer) : TestServer.status(404, "");
  }

  private Image pull(TestServer server) {
    return pull(server, CredentialSource.ANONYMOUS);
  }

  private Image pull(TestServer server, CredentialSource credentials) {
    return pull(server, credentials, OPTIONS);
  }

  private Image pull(TestServer server, CredentialSource credentials, RegistryOptions options) {
    return new Registry(options)
        .pull(
            ImageStore.open(folder),
            Reference.parse(server.host() + "/app"),
            Platform.host(),
            credentials,
            LayerReceiver.NONE,
            TransferListener.SILENT);
  }

  private void refused(Kind kind, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind));
    assertThat(ImageStore.open(folder).list()).isEmpty();
  }

  @Test
  void anImageIsPulledUnderItsNameAndDigest() throws IOException {
    try (var server = new TestServer(this::honest)) {
      var image = pull(server);
      assertThat(image.tags()).hasSize(1);
      assertThat(image.pins())
          .extracting(Reference::tagOrDigest)
          .containsExactly(Digest.of(manifest).toString());
      assertThat(ImageStore.open(folder).blobs().read(Digest.of(layer), 1 << 20)).isEqualTo(layer);
    }
  }

  @Test
  void aPullGoesOnWhereTheConnectionBroke() throws IOException {
    var tries = new AtomicInteger();
    try (var server =
        new TestServer(request -> {
          if (!request.path().equals(layerPath) || tries.incrementAndGet() > 3) {
            return ranged(request);
          }
          int start = start(request);
          return out -> {
            head(out, start == 0 ? 200 : 206, layer.length - start, start);
            out.write(layer, start, 50_000);
          };
        })) {
      pull(server);
      var starts =
          server.requests.stream()
              .filter(r -> r.path().equals(layerPath))
              .map(this::start)
              .toList();
      assertThat(starts).hasSize(4).isSorted().doesNotHaveDuplicates();
    }
  }

  private int start(TestServer.Request request) {
    var range = request.header("range");
    return range.isEmpty() ? 0 : Integer.parseInt(range.substring(6, range.length() - 1));
  }

  private TestServer.Answer ranged(TestServer.Request request) {
    int start = start(request);
    if (start == 0) {
      return honest(request);
    }
    return out -> {
      head(out, 206, layer.length - start, start);
      out.write(layer, start, layer.length - start);
    };
  }

  private void head(OutputStream out, int status, int length, int start) throws IOException {
    out.write(
        ("HTTP/1.1 "
                + status
                + " X\r\nContent-Length: "
                + length
                + "\r\nContent-Range: bytes "
                + start
                + "-"
                + (layer.length - 1)
                + "/"
                + layer.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void aServerThatIgnoresRangesIsUsedAllTheSame() throws IOException {
    var tries = new AtomicInteger();
    try (var server =
        new TestServer(request ->
            request.path().equals(layerPath) && tries.incrementAndGet() == 1
                ? out -> {
                  head(out, 200, layer.length, 0);
                  out.write(layer, 0, 50_000);
                }
                : honest(request))) {
      pull(server);
    }
  }

  @Test
  void aServerInTroubleIsAskedAgain() throws IOException {
    var tries = new AtomicInteger();
    try (var server =
        new TestServer(request ->
            tries.incrementAndGet() % 2 == 1
                ? TestServer.status(503, "Retry-After: 0\r\n")
                : honest(request))) {
      pull(server);
    }
  }

  @Test
  void aTokenIsFetchedAndShown() throws IOException {
    try (var server = tokenServer("")) {
      pull(server);
      var credentials = CredentialSource.of(new Credentials.Password("user", "secret"));
      pull(server, credentials);
      assertThat(server.requests)
          .anyMatch(r ->
              r.path().startsWith("/token?service=test&scope=repository%3Aapp%3Apull")
                  && r.header("authorization").startsWith("Basic "));
    }
  }

  private TestServer tokenServer(String realm) throws IOException {
    var self = new TestServer[1];
    self[0] =
        new TestServer(request -> {
          if (request.path().startsWith("/token")) {
            return TestServer.ok("{\"token\":\"T0k3n\"}".getBytes(StandardCharsets.UTF_8));
          }
          if (request.header("authorization").equals("Bearer T0k3n")) {
            return honest(request);
          }
          var at = realm.isEmpty() ? "http://" + self[0].host() + "/token" : realm;
          return TestServer.status(
              401,
              "WWW-Authenticate: Bearer realm=\""
                  + at
                  + "\",service=\"test\","
                  + "scope=\"repository:app:pull\"\r\n");
        });
    return self[0];
  }

  @Test
  void credentialsAreNotShownToAForeignTokenServer() throws IOException {
    var credentials = CredentialSource.of(new Credentials.Password("user", "secret"));
    try (var server = tokenServer("https://evil.example/token")) {
      refused(Kind.UNAUTHORIZED, () -> pull(server, credentials));
    }
    try (var server = tokenServer("file:///etc/passwd")) {
      refused(Kind.INVALID, () -> pull(server, credentials));
    }
  }

  @Test
  void wrongCredentialsAreToldOnceAndForAll() throws IOException {
    try (var server =
        new TestServer(_ -> TestServer.status(401, "WWW-Authenticate: Basic realm=\"x\"\r\n"))) {
      refused(Kind.UNAUTHORIZED, () -> pull(server));
      refused(
          Kind.UNAUTHORIZED,
          () -> pull(server, CredentialSource.of(new Credentials.Password("user", "wrong"))));
      assertThat(server.requests).hasSizeLessThan(6);
    }
  }

  @Test
  void credentialsFollowNoChangeOfHost() throws IOException {
    try (var other = new TestServer(_ -> TestServer.ok(layer));
        var server =
            new TestServer(request -> {
              if (request.header("authorization").isEmpty()) {
                return TestServer.status(401, "WWW-Authenticate: Basic realm=\"x\"\r\n");
              }
              return request.path().equals(layerPath)
                  ? TestServer.status(307, "Location: http://localhost:" + other.port() + "/x\r\n")
                  : honest(request);
            })) {
      pull(server, CredentialSource.of(new Credentials.Password("user", "secret")));
      assertThat(other.requests).hasSize(1).allMatch(r -> r.header("authorization").isEmpty());
    }
  }

  @Test
  void redirectsLeadOnlyToWebAddressesAndEnd() throws IOException {
    for (var target :
        List.of("file:///etc/passwd", "ftp://host.example/x", "//", "http:///x", "")) {
      try (var server =
          new TestServer(r ->
              r.path().equals(layerPath)
                  ? TestServer.status(302, "Location: " + target + "\r\n")
                  : honest(r))) {
        assertThatThrownBy(() -> pull(server)).isInstanceOf(ImageException.class);
      }
    }
    try (var server =
        new TestServer(r -> TestServer.status(302, "Location: " + r.path() + "\r\n"))) {
      refused(Kind.INVALID, () -> pull(server));
    }
  }

  @Test
  void aNetworkRegistryCannotSendUsToThisHost() {
    var endpoint = Endpoint.of("host.example", OPTIONS);
    for (var target :
        List.of(
            "https://127.0.0.1/", "https://localhost:1/", "https://[::1]/", "http://a.example/")) {
      assertThatThrownBy(() -> endpoint.requireAllowed(URI.create(target)))
          .isInstanceOf(ImageException.class);
    }
    assertThat(endpoint.base()).hasScheme("https");
    assertThat(Endpoint.of("localhost:5000", OPTIONS).base()).hasScheme("http");
  }

  @Test
  void credentialsStayInTheirDomain() {
    assertThat(trusts("a.example", "https://auth.a.example/")).isTrue();
    assertThat(trusts("docker.io", "https://auth.docker.io/")).isTrue();
    assertThat(trusts("a.co.uk", "https://b.co.uk/")).isFalse();
    assertThat(trusts("a.example", "https://b.test/")).isFalse();
    assertThat(trusts("10.0.0.1:5000", "https://10.0.9.1/")).isFalse();
  }

  private static boolean trusts(String registry, String realm) {
    return Endpoint.of(registry, OPTIONS).trustsWithCredentials(URI.create(realm));
  }

  @Test
  void blobsOfAnotherLengthOrContentAreRefused() throws IOException {
    for (var wrong :
        List.of(
            Arrays.copyOf(layer, layer.length + 1),
            Arrays.copyOf(layer, layer.length - 1),
            random(layer.length - 1))) {
      try (var server =
          new TestServer(r -> r.path().equals(layerPath) ? TestServer.ok(wrong) : honest(r))) {
        refused(Kind.INVALID, () -> pull(server));
      }
    }
    var other = layer.clone();
    other[1000]++;
    try (var server =
        new TestServer(r -> r.path().equals(layerPath) ? TestServer.ok(other) : honest(r))) {
      refused(Kind.DIGEST_MISMATCH, () -> pull(server));
    }
    assertThat(folder.resolve("ingest")).isEmptyDirectory();
  }

  @Test
  void anEndlessBodyIsCutAtTheAnnouncedLength() throws IOException {
    try (var server =
        new TestServer(r ->
            r.path().equals(layerPath)
                ? out -> {
                  out.write("HTTP/1.1 200 X\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
                  for (int i = 0; i < 100; i++) {
                    out.write(layer);
                  }
                }
                : honest(r))) {
      refused(Kind.INVALID, () -> pull(server));
    }
  }

  @Test
  void aServerThatDribblesIsGivenUp() throws IOException {
    try (var server =
        new TestServer(r ->
            r.path().equals(layerPath)
                ? out -> {
                  head(out, 200, layer.length, 0);
                  for (int i = 0; i < 1000; i++) {
                    out.write(layer, i, 1);
                    out.flush();
                    Thread.sleep(100);
                  }
                }
                : honest(r))) {
      var impatient =
          new RegistryOptions(
              Set.of(), Map.of(), List.of(), Duration.ofSeconds(30), Duration.ofMillis(500), 2, 4);
      refused(Kind.UNREACHABLE, () -> pull(server, CredentialSource.ANONYMOUS, impatient));
    }
  }

  @Test
  void manifestsAreBoundedAndChecked() throws IOException {
    var huge = new byte[(4 << 20) + 1];
    Arrays.fill(huge, (byte) ' ');
    try (var server = new TestServer(_ -> TestServer.ok(huge))) {
      refused(Kind.TOO_LARGE, () -> pull(server));
    }
    var deep = ("[".repeat(5_000) + "]".repeat(5_000)).getBytes(StandardCharsets.UTF_8);
    try (var server = new TestServer(_ -> TestServer.ok(deep))) {
      refused(Kind.INVALID, () -> pull(server));
    }
    var unknown = "{\"schemaVersion\":2,\"mediaType\":\"text/x\"}".getBytes(StandardCharsets.UTF_8);
    try (var server = new TestServer(_ -> TestServer.ok(unknown))) {
      refused(Kind.UNSUPPORTED, () -> pull(server));
    }
    try (var server =
        new TestServer(r ->
            r.path().contains("/manifests/")
                ? TestServer.status(
                    200, "Docker-Content-Digest: " + Digest.of(layer) + "\r\n", manifest)
                : honest(r))) {
      refused(Kind.DIGEST_MISMATCH, () -> pull(server));
    }
  }

  /** notes/security.md 27. */
  @Test
  void indexesThatNestOrSwellAreRefused() throws IOException {
    var entry =
        "{\"mediaType\":\"%s\",\"size\":1,\"digest\":\"%s\",\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}}";
    var many =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
            .formatted(
                MediaType.OCI_INDEX,
                String.join(
                    ",",
                    Collections.nCopies(
                        10_000,
                        entry.formatted(MediaType.OCI_MANIFEST, Digest.of(layer), "amd64"))));
    try (var server = new TestServer(_ -> TestServer.ok(many.getBytes(StandardCharsets.UTF_8)))) {
      refused(Kind.TOO_LARGE, () -> pull(server));
    }
    // An index cannot hold its own digest; a server can only claim so, and is caught by the digest.
    var self =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
            .formatted(
                MediaType.OCI_INDEX,
                entry.formatted(
                    MediaType.OCI_MANIFEST, Digest.of(layer), Platform.host().architecture()));
    try (var server = new TestServer(_ -> TestServer.ok(self.getBytes(StandardCharsets.UTF_8)))) {
      refused(Kind.DIGEST_MISMATCH, () -> pull(server));
    }
  }

  @Test
  void anIndexLeadsToTheImageOfThisPlatform() throws IOException {
    var other = Platform.host().architecture().equals("amd64") ? "arm64" : "amd64";
    var entry =
        "{\"mediaType\":\"%s\",\"size\":%d,\"digest\":\"%s\",\"platform\":{\"os\":\"%s\",\"architecture\":\"%s\"}}";
    var entries =
        List.of(
            entry.formatted("application/x-unknown", 5, Digest.of(config), "linux", "unknown"),
            entry.formatted(MediaType.OCI_MANIFEST, 7, Digest.of(layer), "linux", other),
            entry.formatted(
                MediaType.OCI_MANIFEST,
                manifest.length,
                Digest.of(manifest),
                "linux",
                Platform.host().architecture()));
    var index =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
            .formatted(MediaType.OCI_INDEX, String.join(",", entries))
            .getBytes(StandardCharsets.UTF_8);
    try (var server =
        new TestServer(request ->
            request.path().equals("/v2/app/manifests/latest")
                ? TestServer.status(200, "Content-Type: " + MediaType.OCI_INDEX + "\r\n", index)
                : honest(request))) {
      var image = pull(server);
      assertThat(image.manifestDescriptor().digest()).isEqualTo(Digest.of(manifest));
      assertThat(image.pins())
          .extracting(Reference::tagOrDigest)
          .containsExactly(Digest.of(index).toString());
    }
    var foreign =
        "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"manifests\":[%s]}"
            .formatted(MediaType.OCI_INDEX, entries.get(1))
            .getBytes(StandardCharsets.UTF_8);
    ImageStore.open(folder).prune(true, _ -> true);
    try (var server =
        new TestServer(_ ->
            TestServer.status(200, "Content-Type: " + MediaType.OCI_INDEX + "\r\n", foreign))) {
      assertThatThrownBy(() -> pull(server))
          .isInstanceOf(ImageException.class)
          .hasMessageContaining(Platform.host().architecture());
    }
  }

  /** docker-credential-helpers' protocol, spoken by a program of this test in the search path. */
  @Test
  void credentialsComeFromHelpers() throws Exception {
    var name = "caisson-test-" + ProcessHandle.current().pid();
    var program = Path.of("/usr/local/bin/docker-credential-" + name);
    Assumptions.assumeTrue(
        Files.isWritable(program.getParent()), "needs a directory of the search path to write to");
    Files.writeString(
        program,
        """
        #!/bin/sh
        read -r registry
        case $registry in
          known.example) echo '{"ServerURL":"known.example","Username":"user","Secret":"secret"}' ;;
          token.example) echo '{"ServerURL":"token.example","Username":"<token>","Secret":"T"}' ;;
          *) echo 'credentials not found in native keychain'; exit 1 ;;
        esac
        """);
    try {
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
      var json =
          "{\"credHelpers\":{\"token.example\":\"%s\"},\"credsStore\":\"%s\"}"
              .formatted(name, name);
      var file =
          DockerConfigFile.parse(json.getBytes(StandardCharsets.UTF_8), "test", System.getenv());
      assertThat(file.find("known.example")).contains(new Credentials.Password("user", "secret"));
      assertThat(file.find("token.example")).contains(new Credentials.IdentityToken("T"));
      assertThat(file.find("unknown.example")).isEmpty();
    } finally {
      Files.delete(program);
    }
  }

  @Test
  void aMirrorIsAskedFirstAndItsFailureForgiven() throws IOException {
    try (var mirror = new TestServer(_ -> TestServer.status(404, ""));
        var server = new TestServer(this::honest)) {
      var options =
          new RegistryOptions(
              Set.of(),
              Map.of(server.host(), List.of(URI.create("http://" + mirror.host()))),
              List.of(),
              Duration.ofSeconds(30),
              Duration.ofSeconds(30),
              2,
              2);
      new Registry(options)
          .pull(
              ImageStore.open(folder),
              Reference.parse(server.host() + "/app"),
              Platform.host(),
              CredentialSource.ANONYMOUS,
              LayerReceiver.NONE,
              TransferListener.SILENT);
      assertThat(mirror.requests).hasSize(1);
    }
  }

  @Test
  void credentialsComeFromTheDockerConfiguration() {
    var json =
        """
        {"auths": {
           "https://index.docker.io/v1/": {"auth": "dXNlcjpwYTpzcw=="},
           "host.example:5000": {"identitytoken": "T"},
           "empty.example": {}
         },
         "credHelpers": {"helped.example": "none/../../x"}}
        """;
    var file =
        DockerConfigFile.parse(json.getBytes(StandardCharsets.UTF_8), "test", System.getenv());
    assertThat(file.find("docker.io")).contains(new Credentials.Password("user", "pa:ss"));
    assertThat(file.find("host.example:5000")).contains(new Credentials.IdentityToken("T"));
    assertThat(file.find("empty.example")).isEmpty();
    assertThatThrownBy(() -> file.find("helped.example")).isInstanceOf(ImageException.class);
    assertThat(DockerConfigFile.read(folder.resolve("none"), System.getenv()).find("docker.io"))
        .isEmpty();
    assertThat(Files.exists(folder.resolve("none"))).isFalse();
  }
}
