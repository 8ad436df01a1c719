/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import dev.caisson.disk.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A certificate authority with one server ("localhost") and one client, in QEMU's folder layout.
 */
final class TlsKeys {
  private TlsKeys() {}

  static Path make(Path folder) throws IOException {
    Files.createDirectories(folder);
    String ca = folder.resolve("ca-cert.pem").toString();
    String caKey = folder.resolve("ca-key.pem").toString();
    Tools.run(
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test authority",
        "-addext",
        "keyUsage=critical,keyCertSign",
        "-keyout",
        caKey,
        "-out",
        ca);
    signed(folder, "server", "serverAuth", ca, caKey);
    signed(folder, "client", "clientAuth", ca, caKey);
    return folder;
  }

  private static void signed(Path folder, String role, String usage, String ca, String caKey)
      throws IOException {
    Path request = folder.resolve(role + ".csr");
    Path extensions = folder.resolve(role + ".ext");
    Files.writeString(
        extensions,
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage="
            + usage
            + "\n"
            + "keyUsage=critical,digitalSignature,keyEncipherment\nbasicConstraints=CA:FALSE\n");
    Tools.run(
        "openssl",
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=" + role,
        "-keyout",
        folder.resolve(role + "-key.pem").toString(),
        "-out",
        request.toString());
    Tools.run(
        "openssl",
        "x509",
        "-req",
        "-days",
        "2",
        "-in",
        request.toString(),
        "-CA",
        ca,
        "-CAkey",
        caKey,
        "-CAcreateserial",
        "-extfile",
        extensions.toString(),
        "-out",
        folder.resolve(role + "-cert.pem").toString());
  }
}
