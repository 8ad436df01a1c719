/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.tls;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.client.NbdDisk;
import dev.caisson.disk.nbd.server.NbdServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Certificates and keys in QEMU's folder layout: {@code ca-cert.pem}, and {@code server-cert.pem}
 * with {@code server-key.pem}, or the same with {@code client}.
 */
public final class TlsFiles {
  private static final char[] NO_PASSWORD = {};

  private TlsFiles() {}

  /**
   * For {@link NbdServer}: needs the server's certificate and key, and the authority's certificate.
   */
  public static SSLContext server(Path folder) {
    return context(folder, "server", true);
  }

  /** For {@link NbdDisk}: needs the authority's certificate; the client's own are optional. */
  public static SSLContext client(Path folder) {
    return context(folder, "client", Files.exists(folder.resolve("client-cert.pem")));
  }

  private static SSLContext context(Path folder, String role, boolean ownCertificate) {
    try {
      var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(authorities(folder.resolve("ca-cert.pem")));
      var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(ownCertificate ? identity(folder, role) : emptyStore(), NO_PASSWORD);
      var context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), unnamed(trust.getTrustManagers()), null);
      return context;
    } catch (IOException failure) {
      throw DiskException.io(folder.toString(), failure);
    } catch (GeneralSecurityException failure) {
      throw new DiskException(
          DiskException.Kind.SECRET,
          folder + ": unusable TLS files: " + failure.getMessage(),
          failure);
    }
  }

  private static TrustManager[] unnamed(TrustManager[] managers) {
    return Stream.of(managers)
        .map(m -> m instanceof X509ExtendedTrustManager x509 ? new UnnamedTrust(x509) : m)
        .toArray(TrustManager[]::new);
  }

  private static KeyStore authorities(Path file) throws IOException, GeneralSecurityException {
    var store = emptyStore();
    int count = 0;
    for (var certificate : certificates(file)) {
      store.setCertificateEntry("authority-" + count++, certificate);
    }
    return store;
  }

  private static KeyStore identity(Path folder, String role)
      throws IOException, GeneralSecurityException {
    var store = emptyStore();
    var key = PemKey.parse(Files.readString(folder.resolve(role + "-key.pem")));
    store.setKeyEntry(role, key, NO_PASSWORD, certificates(folder.resolve(role + "-cert.pem")));
    return store;
  }

  private static Certificate[] certificates(Path file)
      throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(in)
          .toArray(Certificate[]::new);
    }
  }

  private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
