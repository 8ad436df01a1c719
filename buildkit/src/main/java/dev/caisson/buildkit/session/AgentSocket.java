/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.build.BuildClient;
import dev.caisson.buildkit.grpc.GrpcCall;
import dev.caisson.buildkit.grpc.GrpcException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A socket on this host behind which the client's SSH agent answers. */
public final class AgentSocket implements BuildClient.Agent {
  private static final Logger LOG = System.getLogger("dev.caisson.buildkit");

  /** Connections at once; a command that wants more waits. */
  private static final int CONNECTIONS = 16;

  private final ClientSession session;
  private final String id;
  private final Path directory;
  private final Path socket;
  private final ServerSocketChannel server;

  private AgentSocket(ClientSession session, String id, Path directory) throws IOException {
    this.session = session;
    this.id = id;
    this.directory = directory;
    this.socket = directory.resolve("agent");
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket), CONNECTIONS);
  }

  /**
   * @param scratch below it the socket lies; its path must be short, unix(7) allows 107 bytes
   */
  public static AgentSocket open(ClientSession session, String id, Path scratch) {
    try {
      Path directory = Files.createTempDirectory(scratch, "ssh");
      AgentSocket agent = new AgentSocket(session, id, directory);
      Thread.ofVirtual().name("ssh-agent").start(agent::accept);
      return agent;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path socket() {
    return socket;
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel connection = server.accept();
        Thread.ofVirtual().name("ssh-agent").start(() -> forward(connection));
      }
    } catch (IOException closed) {
      LOG.log(Level.DEBUG, "no more connections to the agent", closed);
    }
  }

  private void forward(SocketChannel connection) {
    try (connection;
        GrpcCall call = session.agent(id)) {
      Thread questions =
          Thread.ofVirtual().name("ssh-agent").start(() -> copyQuestions(connection, call));
      InputStream answers = ByteMessages.input(call);
      OutputStream out = Channels.newOutputStream(connection);
      answers.transferTo(out);
      questions.interrupt();
    } catch (IOException | GrpcException broken) {
      LOG.log(Level.DEBUG, "the way to the client's agent broke", broken);
    }
  }

  private static void copyQuestions(SocketChannel connection, GrpcCall call) {
    try (OutputStream out = ByteMessages.output(call)) {
      Channels.newInputStream(connection).transferTo(out);
    } catch (IOException broken) {
      LOG.log(Level.DEBUG, "the command left the agent", broken);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
      Files.deleteIfExists(socket);
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
