/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

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
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Keys and certificates in the text form that dockerd takes: {@code ca.pem cert.pem key.pem}. */
public final class PemFiles {
  /** Protects entries of key stores that live in memory only. */
  public static final String PASSWORD = "in memory";

  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private PemFiles() {}

  /**
   * A certificate with its key.
   *
   * @param chain PEM, the server's own certificate first
   * @param key PEM in PKCS #8, of RSA, EC or Ed25519
   * @throws IllegalArgumentException naming the file that cannot be used, and the remedy
   */
  public static KeyStore identity(Path chain, Path key) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      Certificate[] certificates = certificates(chain).toArray(Certificate[]::new);
      store.setKeyEntry("server", privateKey(key), PASSWORD.toCharArray(), certificates);
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          "cannot use the certificate " + chain + " with the key " + key + ": " + e.getMessage(),
          e);
    }
  }

  /** The authorities whose clients are let in. */
  public static KeyStore authorities(Path file) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int number = 0;
      for (Certificate certificate : certificates(file)) {
        store.setCertificateEntry("authority" + number++, certificate);
      }
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          "cannot use the authorities in " + file + ": " + e.getMessage(), e);
    }
  }

  private static Collection<? extends Certificate> certificates(Path file)
      throws GeneralSecurityException, IOException {
    var found =
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
    if (found.isEmpty()) {
      throw new IOException(file + " holds no certificate");
    }
    return found;
  }

  private static PrivateKey privateKey(Path file) throws GeneralSecurityException, IOException {
    Matcher key = KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    if (!key.find()) {
      throw new IOException(
          file + " holds no PKCS #8 key; try: openssl pkcs8 -topk8 -nocrypt -in " + file);
    }
    byte[] encoded = Base64.getMimeDecoder().decode(key.group(1));
    for (String algorithm : new String[] {"RSA", "EC", "Ed25519"}) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      } catch (GeneralSecurityException other) {
        // the next kind is tried
      }
    }
    throw new IOException(file + " is a key of no kind known here: use RSA, EC or Ed25519");
  }
}
