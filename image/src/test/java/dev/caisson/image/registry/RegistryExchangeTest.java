/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.archive.ImageArchive;
import dev.caisson.image.archive.SavedImage;
import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.model.Defaults;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.registry.TransferListener.Phase;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import dev.caisson.image.store.StoredLayer;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exchanges images with the distribution's docker-registry and with skopeo. */
@Tag("integration")
class RegistryExchangeTest {
  private static final Credentials PASSWORD = new Credentials.Password("user", "secret");
  private static final String HTPASSWD =
      "user:$2b$04$YEhnB.wQmdYIv/t3GixynOrsDHCtU4SkXGHsVeTO2R60o2MLVq0.y\n";

  @TempDir Path folder;
  private ImageStore store;

  @BeforeEach
  void open() {
    store = ImageStore.open(folder.resolve("store"));
  }

  private Image image(ImageStore into, String name, int bytes) {
    var content = new byte[bytes];
    new Random(165).nextBytes(content);
    try (var lease = into.lease()) {
      var layer =
          StoredLayer.write(
              into,
              lease,
              out -> {
                out.add(new Entry.Directory("etc", Attributes.of(0755)));
                out.add(
                    new Entry.File("etc/data", Attributes.of(0644), bytes),
                    new ByteArrayInputStream(content));
              });
      var config =
          new ImageConfig(
              Platform.host(),
              Optional.empty(),
              Optional.empty(),
              Defaults.builder().command(Optional.of(List.of("sh"))).build(),
              List.of(layer.diffId()),
              List.of());
      return into.assemble(lease, config, List.of(layer.blob()), List.of(Reference.parse(name)));
    }
  }

  private Image pull(ImageStore into, String name, RegistryOptions options, CredentialSource who) {
    return new Registry(options)
        .pull(
            into,
            Reference.parse(name),
            Platform.host(),
            who,
            LayerReceiver.NONE,
            TransferListener.SILENT);
  }

  private void exchange(String host, int bytes, RegistryOptions options, CredentialSource who) {
    var registry = new Registry(options);
    var reference = Reference.parse(host + "/team/app:1");
    var image = image(store, "app", bytes);
    var pushed = registry.push(store, image, reference, who, TransferListener.SILENT);
    var kept = store.resolve("app");
    assertThat(kept.id()).isEqualTo(image.id());
    assertThat(kept.layers()).allMatch(l -> l.mediaType().equals(MediaType.OCI_LAYER_GZIP));

    var other = ImageStore.open(folder.resolve("other"));
    var pulled = pull(other, reference.toString(), options, who);
    assertThat(pulled.id()).isEqualTo(image.id());
    assertThat(pulled.manifestDescriptor().digest()).isEqualTo(pushed.digest());
    assertThat(registry.inspect(reference, who).digest()).isEqualTo(pushed.digest());
    assertThat(registry.tags(reference, who)).containsExactly("1");
    assertThat(registry.platforms(reference, who)).containsExactly(Platform.host());

    var phases = Collections.synchronizedList(new ArrayList<Phase>());
    registry.push(
        store,
        store.resolve("app"),
        Reference.parse(host + "/team/copy:1"),
        who,
        (_, phase, _, _) -> phases.add(phase));
    assertThat(phases).containsOnly(Phase.MOUNTED);

    registry.delete(reference, who);
    assertThatThrownBy(() -> registry.inspect(reference, who))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  void withoutAuthentication() throws Exception {
    try (var server = new DockerRegistry(folder.resolve("registry"), "", "")) {
      // Long enough to be uploaded in pieces.
      exchange(server.host(), 33 << 20, RegistryOptions.DEFAULT, CredentialSource.ANONYMOUS);
    }
  }

  @Test
  void withBasicAuthentication() throws Exception {
    var passwords = Files.writeString(folder.resolve("htpasswd"), HTPASSWD);
    var settings = "auth: {htpasswd: {realm: test, path: " + passwords + "}}";
    try (var server = new DockerRegistry(folder.resolve("registry"), "", settings)) {
      var anonymous = CredentialSource.ANONYMOUS;
      var registry = new Registry(RegistryOptions.DEFAULT);
      assertThatThrownBy(() -> registry.login(server.host(), anonymous))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAUTHORIZED));
      registry.login(server.host(), CredentialSource.of(PASSWORD));
      exchange(server.host(), 1 << 20, RegistryOptions.DEFAULT, CredentialSource.of(PASSWORD));
    }
  }

  @Test
  void withTokensOfASeparateServer() throws Exception {
    var key = folder.resolve("key.pem");
    var certificate = folder.resolve("certificate.pem");
    run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key.toString(),
        "-out",
        certificate.toString(),
        "-days",
        "2",
        "-subj",
        "/CN=tokens");
    try (var tokens = new TokenServer(key, certificate)) {
      var settings =
          "auth: {token: {realm: '%s', service: %s, issuer: %s, rootcertbundle: %s}}"
              .formatted(tokens.realm(), TokenServer.SERVICE, TokenServer.ISSUER, certificate);
      try (var server = new DockerRegistry(folder.resolve("registry"), "", settings)) {
        assertThatThrownBy(() ->
                pull(
                    store,
                    server.host() + "/team/app:1",
                    RegistryOptions.DEFAULT,
                    CredentialSource.ANONYMOUS))
            .isInstanceOfSatisfying(
                ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNAUTHORIZED));
        exchange(server.host(), 1 << 20, RegistryOptions.DEFAULT, CredentialSource.of(PASSWORD));
        assertThat(tokens.scopes)
            .anyMatch(scope -> scope.startsWith("repository:team/app:") && scope.contains("push"))
            .allMatch(scope -> scope.startsWith("repository:team/"));
      }
    }
  }

  @Test
  void overTlsWithACertificateAuthorityOfOurOwn() throws Exception {
    var key = folder.resolve("key.pem");
    var certificate = folder.resolve("certificate.pem");
    run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        key.toString(),
        "-out",
        certificate.toString(),
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost");
    var http = "  tls: {certificate: " + certificate + ", key: " + key + "}";
    try (var server = new DockerRegistry(folder.resolve("registry"), http, "")) {
      var certificates = folder.resolve("certs.d");
      var trusted = Files.createDirectories(certificates.resolve(server.localhost()));
      var options =
          new RegistryOptions(
              RegistryOptions.DEFAULT.insecure(),
              RegistryOptions.DEFAULT.mirrors(),
              List.of(certificates),
              RegistryOptions.DEFAULT.connectTimeout(),
              RegistryOptions.DEFAULT.stall(),
              1,
              4);
      // Certificates are asked for, but this authority is not among them yet.
      assertThatThrownBy(
              () -> pull(store, server.localhost() + "/x", options, CredentialSource.ANONYMOUS))
          .isInstanceOfSatisfying(
              ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE));
      Files.copy(certificate, trusted.resolve("ca.crt"));
      exchange(server.localhost(), 1 << 20, options, CredentialSource.ANONYMOUS);
    }
  }

  @Test
  void skopeoReadsWhatWeWriteAndWeReadWhatItWrites() throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin/skopeo")), "skopeo is missing");
    var image = image(store, "app:1", 1 << 20);
    var ours = folder.resolve("ours.tar");
    try (var out = new BufferedOutputStream(Files.newOutputStream(ours))) {
      ImageArchive.save(store, List.of(SavedImage.of(image)), out);
    }
    var layout = folder.resolve("layout");
    ImageArchive.saveLayout(store, List.of(SavedImage.of(image)), layout);
    var copies =
        List.of(
            List.of("docker-archive:" + ours, "docker-archive:" + folder.resolve("1.tar:app:1")),
            List.of("oci-archive:" + ours, "oci-archive:" + folder.resolve("2.tar:app:1")),
            List.of("oci:" + layout, "oci-archive:" + folder.resolve("3.tar")),
            List.of("docker-archive:" + ours, "oci:" + folder.resolve("4") + ":app:1"));
    for (var copy : copies) {
      run("skopeo", "--insecure-policy", "copy", "-q", copy.get(0), copy.get(1));
    }
    for (var archive : List.of("1.tar", "2.tar", "3.tar")) {
      var into = ImageStore.open(folder.resolve("into-" + archive));
      try (var in = new BufferedInputStream(Files.newInputStream(folder.resolve(archive)))) {
        var loaded = ImageArchive.load(into, in, LayerReceiver.NONE);
        assertThat(loaded).hasSize(1);
        assertThat(loaded.getFirst().config().diffIds()).isEqualTo(image.config().diffIds());
      }
    }
    var into = ImageStore.open(folder.resolve("into-4"));
    var loaded = ImageArchive.loadLayout(into, folder.resolve("4"), LayerReceiver.NONE);
    assertThat(loaded.getFirst().config().diffIds()).isEqualTo(image.config().diffIds());
    assertThat(into.find("app:1")).isPresent();
  }

  private void run(String... command) throws IOException, InterruptedException {
    var log = folder.resolve("command.log");
    var process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertThat(process.waitFor()).as(Files.readString(log)).isZero();
  }
}
