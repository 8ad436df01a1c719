/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.nbd.link.Link;
import dev.caisson.disk.nbd.link.TlsLink;
import dev.caisson.disk.nbd.tls.TlsFiles;
import java.io.IOException;
import javax.net.ssl.SSLContext;

/**
 * How a server encrypts.
 *
 * @param context its certificate, and whom it trusts; {@link TlsFiles} reads QEMU's folders
 * @param required whether clients must encrypt before they learn anything
 * @param clientCertificates whether clients must show a certificate that {@code context} trusts
 */
public record NbdTls(SSLContext context, boolean required, boolean clientCertificates) {

  /** Does the server's half of the TLS handshake. */
  Link accept(Link plain) throws IOException {
    var engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(clientCertificates);
    return TlsLink.shakeHands(plain, engine);
  }
}
