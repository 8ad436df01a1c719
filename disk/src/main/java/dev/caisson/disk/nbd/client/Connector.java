/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.client;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.link.Link;
import dev.caisson.disk.nbd.link.PlainLink;
import dev.caisson.disk.nbd.link.TlsLink;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.tls.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;

/** Makes connections to servers, within the time their user gives. */
final class Connector {
  private Connector() {}

  static NbdDisk open(NbdUri uri, NbdOptions options) {
    try {
      var channel = channel(uri.address());
      var agreed = new AtomicBoolean();
      CompletableFuture.delayedExecutor(options.handshake().toMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> cutUnless(agreed, channel));
      try {
        connect(channel, uri.address());
        var handshake = new ClientHandshake(uri, new PlainLink(channel));
        var export = handshake.run(plain -> encrypt(plain, uri, options));
        if (options.writable() && export.can(Flags.Transmission.READ_ONLY)) {
          throw new DiskException(
              DiskException.Kind.READ_ONLY, uri + ": the export is read-only; open it for reading");
        }
        if (!agreed.compareAndSet(false, true)) {
          throw new IOException("no agreement within " + options.handshake());
        }
        var pipeline =
            new Pipeline(
                uri.toString(), handshake.link(), handshake.inbox(), export, options.inFlight());
        pipeline.start();
        return new NbdDisk(uri.toString(), pipeline, export, options);
      } finally {
        cutUnless(agreed, channel);
      }
    } catch (IOException failure) {
      throw new DiskException(
          DiskException.Kind.IO, uri + ": cannot connect: " + reason(failure), failure);
    }
  }

  private static String reason(IOException failure) {
    String message = failure.getMessage();
    return message == null ? failure.getClass().getSimpleName() : message;
  }

  private static SocketChannel channel(SocketAddress address) throws IOException {
    return address instanceof UnixDomainSocketAddress
        ? SocketChannel.open(StandardProtocolFamily.UNIX)
        : SocketChannel.open();
  }

  private static void connect(SocketChannel channel, SocketAddress address) throws IOException {
    if (address instanceof InetSocketAddress inet && inet.isUnresolved()) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.connect(
          new InetSocketAddress(InetAddress.getByName(inet.getHostString()), inet.getPort()));
    } else {
      channel.connect(address);
    }
  }

  private static Link encrypt(Link plain, NbdUri uri, NbdOptions options) throws IOException {
    // A Unix socket has no name of its own; servers there carry the name of this machine.
    String host = uri.host().orElse("localhost");
    var engine = context(uri, options).createSSLEngine(host, -1);
    engine.setUseClientMode(true);
    var parameters = engine.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    engine.setSSLParameters(parameters);
    return TlsLink.shakeHands(plain, engine);
  }

  private static SSLContext context(NbdUri uri, NbdOptions options) throws IOException {
    try {
      if (options.tls().isPresent()) {
        return options.tls().get();
      }
      return uri.certificates().isPresent()
          ? TlsFiles.client(uri.certificates().get())
          : SSLContext.getDefault();
    } catch (NoSuchAlgorithmException broken) {
      throw new IOException("this JDK has no TLS", broken);
    }
  }

  private static void cutUnless(AtomicBoolean agreed, SocketChannel channel) {
    if (agreed.compareAndSet(false, true)) {
      try {
        channel.close();
      } catch (IOException alreadyGone) {
        // It was to be given up anyway.
      }
    }
  }
}
