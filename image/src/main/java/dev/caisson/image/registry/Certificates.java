/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** The certificates an administrator gave for one registry, in the folders Docker uses. */
final class Certificates {
  private static final String PEM_KEY_START = "-----BEGIN PRIVATE KEY-----";
  private static final String PEM_KEY_END = "-----END PRIVATE KEY-----";

  private Certificates() {}

  /** The folder for {@code registry}, if there is one. */
  static Optional<Path> find(RegistryOptions options, String registry) {
    return options.certificateFolders().stream()
        .map(folder -> folder.resolve(registry))
        .filter(Files::isDirectory)
        .findFirst();
  }

  /** TLS that trusts the authorities in {@code folder} besides those of the system. */
  static SSLContext context(Path folder) {
    try {
      var keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      var authorities = KeyStore.getInstance("PKCS12");
      authorities.load(null, null);
      addSystemAuthorities(authorities);
      for (var file : list(folder)) {
        var name = file.getFileName().toString();
        if (name.endsWith(".crt")) {
          addAuthorities(authorities, file);
        } else if (name.endsWith(".cert")) {
          addPair(keys, file);
        }
      }
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(authorities);
      var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      own.init(keys, new char[0]);
      var context = SSLContext.getInstance("TLS");
      context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new ImageException(
          Kind.INVALID, "cannot use the certificates in " + folder + ": " + e.getMessage(), e);
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  private static void addSystemAuthorities(KeyStore store) throws GeneralSecurityException {
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init((KeyStore) null);
    for (var manager : trust.getTrustManagers()) {
      if (manager instanceof X509TrustManager x509) {
        for (X509Certificate authority : x509.getAcceptedIssuers()) {
          store.setCertificateEntry("system-" + store.size(), authority);
        }
      }
    }
  }

  private static void addAuthorities(KeyStore store, Path file)
      throws GeneralSecurityException, IOException {
    for (var certificate : certificates(file)) {
      store.setCertificateEntry(file.getFileName() + "-" + store.size(), certificate);
    }
  }

  private static List<Certificate> certificates(Path file)
      throws GeneralSecurityException, IOException {
    var bytes = new ByteArrayInputStream(Files.readAllBytes(file));
    return new ArrayList<>(CertificateFactory.getInstance("X.509").generateCertificates(bytes));
  }

  private static void addPair(KeyStore store, Path file)
      throws GeneralSecurityException, IOException {
    var name = file.getFileName().toString();
    var keyFile = file.resolveSibling(name.substring(0, name.length() - "cert".length()) + "key");
    var chain = certificates(file);
    var key = privateKey(keyFile, chain.getFirst().getPublicKey().getAlgorithm());
    store.setKeyEntry(name, key, new char[0], chain.toArray(Certificate[]::new));
  }

  private static PrivateKey privateKey(Path file, String algorithm)
      throws GeneralSecurityException, IOException {
    var pem = Files.readString(file, StandardCharsets.US_ASCII);
    int start = pem.indexOf(PEM_KEY_START);
    int end = pem.indexOf(PEM_KEY_END);
    if (start < 0 || end < start) {
      throw new ImageException(
          Kind.UNSUPPORTED,
          file + " is no PKCS#8 key; convert it with `openssl pkcs8 -topk8 -nocrypt`");
    }
    var encoded =
        Base64.getMimeDecoder().decode(pem.substring(start + PEM_KEY_START.length(), end));
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
  }
}
