/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;

/**
 * A server that gives signed tokens to whoever knows one password, as registries ask for with
 * {@code auth: token}. distribution, docs/spec/auth/token.md
 */
final class TokenServer implements AutoCloseable {
  static final String ISSUER = "test-issuer";
  static final String SERVICE = "test-registry";
  private static final String BASIC =
      "Basic " + Base64.getEncoder().encodeToString("user:secret".getBytes(StandardCharsets.UTF_8));

  final List<String> scopes = new ArrayList<>();
  private final TestServer server;
  private final PrivateKey key;
  private final String certificate;

  /**
   * @param key an RSA key in PKCS #8, PEM
   * @param certificate its certificate, PEM
   */
  TokenServer(Path key, Path certificate) throws IOException, GeneralSecurityException {
    this.key =
        KeyFactory.getInstance("RSA")
            .generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(body(key))));
    this.certificate = body(certificate);
    this.server = new TestServer(this::answer);
  }

  private static String body(Path pem) throws IOException {
    return Files.readString(pem).replaceAll("-----[^-]*-----", "").replaceAll("\\s", "");
  }

  String realm() {
    return "http://" + server.host() + "/token";
  }

  private TestServer.Answer answer(TestServer.Request request) {
    if (!request.header("authorization").equals(BASIC)) {
      return TestServer.status(401, "");
    }
    var asked =
        Stream.of(request.path().substring(request.path().indexOf('?') + 1).split("&"))
            .filter(parameter -> parameter.startsWith("scope="))
            .map(parameter -> URLDecoder.decode(parameter.substring(6), StandardCharsets.UTF_8))
            .flatMap(scope -> Stream.of(scope.split(" ")))
            .toList();
    synchronized (scopes) {
      scopes.addAll(asked);
    }
    try {
      var json = "{\"token\":\"" + token(asked) + "\"}";
      return TestServer.ok(json.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      return TestServer.status(500, "");
    }
  }

  private String token(List<String> asked) throws GeneralSecurityException {
    var access =
        asked.stream()
            .map(scope -> scope.split(":"))
            .map(parts ->
                "{\"type\":\"%s\",\"name\":\"%s\",\"actions\":[\"%s\"]}"
                    .formatted(parts[0], parts[1], parts[2].replace(",", "\",\"")))
            .toList();
    long now = Instant.now().getEpochSecond();
    var header = "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5c\":[\"%s\"]}".formatted(certificate);
    var claims =
        "{\"iss\":\"%s\",\"sub\":\"user\",\"aud\":\"%s\",\"exp\":%d,\"nbf\":%d,\"iat\":%d,\"jti\":\"%d\",\"access\":[%s]}"
            .formatted(
                ISSUER,
                SERVICE,
                now + 300,
                now - 10,
                now,
                System.nanoTime(),
                String.join(",", access));
    var signed =
        encode(header.getBytes(StandardCharsets.UTF_8))
            + "."
            + encode(claims.getBytes(StandardCharsets.UTF_8));
    var signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(key);
    signature.update(signed.getBytes(StandardCharsets.US_ASCII));
    return signed + "." + encode(signature.sign());
  }

  private static String encode(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
