/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.grpc.GrpcCall;
import dev.caisson.buildkit.grpc.GrpcChannel;
import dev.caisson.buildkit.grpc.GrpcException;
import dev.caisson.buildkit.wire.ProtoReader;
import dev.caisson.buildkit.wire.ProtoWriter;
import dev.caisson.engine.spec.RegistryAuth;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** What a client lends to builds as long as it is connected. */
public final class ClientSession {
  private static final String FILE_SYNC = "/moby.filesync.v1.FileSync/DiffCopy";
  private static final String FILE_SEND = "/moby.filesync.v1.FileSend/DiffCopy";
  private static final String CREDENTIALS = "/moby.filesync.v1.Auth/Credentials";
  private static final String SECRET = "/moby.buildkit.secrets.v1.Secrets/GetSecret";
  private static final String UPLOAD = "/moby.upload.v1.Upload/Pull";
  private static final String CHECK_AGENT = "/moby.sshforward.v1.SSH/CheckAgent";
  private static final String FORWARD_AGENT = "/moby.sshforward.v1.SSH/ForwardAgent";

  /** Patterns of ignored files travel in a header of at most a mebibyte. */
  private static final int PATTERNS_LIMIT = 900 << 10;

  private static final Set<GrpcException.Code> ABSENT =
      Set.of(GrpcException.Code.UNIMPLEMENTED, GrpcException.Code.NOT_FOUND);

  private final GrpcChannel channel;
  private final CompletableFuture<Void> closed;

  ClientSession(GrpcChannel channel, CompletableFuture<Void> closed) {
    this.channel = channel;
    this.closed = closed;
  }

  /** Runs once the client is gone. */
  public void onClose(Runnable action) {
    var _ = closed.thenRun(action);
  }

  /**
   * Which files of a directory are wanted.
   *
   * @param excluded patterns as in a .dockerignore file
   * @param followed paths to be sent with what their links lead to; empty for all
   */
  public record Selection(List<String> excluded, List<String> followed) {
    public static final Selection ALL = new Selection(List.of(), List.of());
  }

  /**
   * Receives one of the client's directories into an empty one.
   *
   * @param name as the client calls it: {@code context} or {@code dockerfile}
   * @return the bytes of all files
   * @throws BuildException when the client does not lend it, or it cannot be received
   */
  public long receive(String name, Selection selection, Path directory) throws IOException {
    Map<String, List<String>> metadata = new HashMap<>();
    metadata.put("dir-name", List.of(name));
    put(metadata, "exclude-patterns", selection.excluded());
    put(metadata, "followpaths", selection.followed());
    try (GrpcCall call = channel.open(FILE_SYNC, metadata)) {
      return new DirectoryReceiver(call, directory).receive();
    } catch (GrpcException refused) {
      throw new BuildException(
          "the client does not send its directory '" + name + "': " + refused.getMessage(),
          refused);
    }
  }

  /** Values that are not ASCII are escaped, and a further header says so. */
  private static void put(Map<String, List<String>> metadata, String name, List<String> values) {
    if (values.isEmpty()) {
      return;
    }
    boolean plain = values.stream().allMatch(value -> value.chars().allMatch(c -> c < 0x80));
    List<String> sent =
        plain
            ? values
            : values.stream()
                .map(value -> URLEncoder.encode(value, StandardCharsets.UTF_8))
                .toList();
    if (sent.stream().mapToInt(String::length).sum() > PATTERNS_LIMIT) {
      throw new BuildException(
          "the patterns of .dockerignore are longer than " + PATTERNS_LIMIT + " bytes");
    }
    metadata.put(name, sent);
    if (!plain) {
      metadata.put(name + "-encoded", List.of("1"));
    }
  }

  /** Writes a directory to where the client wanted its result: {@code --output type=local}. */
  public void sendDirectory(int exporter, Path directory) throws IOException {
    try (GrpcCall call = channel.open(FILE_SEND, exporterHeader(exporter))) {
      new DirectorySender(call, directory).send();
    }
  }

  /** Something that is written. */
  @FunctionalInterface
  public interface Writing {
    void to(OutputStream out) throws IOException;
  }

  /** Writes a file to where the client wanted its result: {@code --output type=tar}. */
  public void sendFile(int exporter, Writing writing) throws IOException {
    try (GrpcCall call = channel.open(FILE_SEND, exporterHeader(exporter))) {
      try (OutputStream out = ByteMessages.output(call)) {
        writing.to(out);
      }
      while (call.receive().isPresent()) {
        // The client only takes.
      }
      call.checkStatus();
    }
  }

  private static Map<String, List<String>> exporterHeader(int exporter) {
    return Map.of("buildkit-attachable-exporter-id", List.of(String.valueOf(exporter)));
  }

  /** What the client was given on its standard input. Closing the stream ends the call. */
  public InputStream upload(URI address) throws IOException {
    GrpcCall call =
        channel.open(
            UPLOAD,
            Map.of("urlpath", List.of(address.getPath()), "urlhost", List.of(address.getHost())));
    call.endRequest();
    return ByteMessages.input(call);
  }

  /** A secret's content, or empty when the client has none of this name. */
  public Optional<byte[]> secret(String id) throws IOException {
    return answer(SECRET, new ProtoWriter().text(1, id)).map(ByteMessages::data);
  }

  /** The client's login at a registry; anonymous when it has none. */
  public RegistryAuth login(String host) throws IOException {
    Optional<byte[]> answer = answer(CREDENTIALS, new ProtoWriter().text(1, host));
    if (answer.isEmpty()) {
      return RegistryAuth.anonymous();
    }
    var in = new ProtoReader(answer.get());
    String user = "";
    String secret = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> user = in.text();
        case 2 -> secret = in.text();
        default -> {}
      }
    }
    if (secret.isEmpty()) {
      return RegistryAuth.anonymous();
    }
    // Without a user it is an identity token.
    return user.isEmpty()
        ? new RegistryAuth(host, "", "", secret, "")
        : new RegistryAuth(host, user, secret, "", "");
  }

  private Optional<byte[]> answer(String method, ProtoWriter request) throws IOException {
    try {
      return Optional.of(channel.unary(method, request.toBytes()));
    } catch (GrpcException refused) {
      if (ABSENT.contains(refused.code())) {
        return Optional.empty();
      }
      throw refused;
    }
  }

  /** Whether the client lends an SSH agent of this name. */
  boolean hasAgent(String id) throws IOException {
    try {
      return answer(CHECK_AGENT, new ProtoWriter().text(1, id)).isPresent();
    } catch (GrpcException unknown) {
      return false;
    }
  }

  /** One connection to the client's SSH agent. */
  GrpcCall agent(String id) throws IOException {
    return channel.open(FORWARD_AGENT, Map.of("buildkit.ssh.id", List.of(id)));
  }
}
