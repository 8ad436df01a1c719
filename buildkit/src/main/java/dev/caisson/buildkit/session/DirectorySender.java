/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.grpc.GrpcCall;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Sends a directory: fsutil's protocol, from the sender's side. */
final class DirectorySender {
  private static final int PIECE = 32 << 10;

  private final GrpcCall call;
  private final Path root;
  private final List<Path> sent = new ArrayList<>();

  DirectorySender(GrpcCall call, Path root) {
    this.call = call;
    this.root = root;
  }

  /**
   * @throws BuildException when the receiver cannot store it
   */
  void send() throws IOException {
    directory(root);
    call.send(new Packet.LastStat().toBytes());
    while (true) {
      Packet packet =
          call.receive()
              .map(Packet::parse)
              .orElseThrow(() -> new BuildException("the client stopped taking the result"));
      switch (packet) {
        case Packet.Request(int id) -> contents(id);
        case Packet.Failure(String message) ->
            throw new BuildException("the client cannot store the result: " + message);
        case Packet.Fin() -> {
          call.sendLast(new Packet.Fin().toBytes());
          while (call.receive().isPresent()) {
            // Nothing is said after a farewell.
          }
          call.checkStatus();
          return;
        }
        case Packet.Stat _, Packet.LastStat _, Packet.Data _ ->
            throw new BuildException("the client answered a file with a file");
      }
    }
  }

  /** In the order receivers check: by name in each directory, one directory after the other. */
  private void directory(Path directory) throws IOException {
    List<Path> entries;
    try (Stream<Path> list = Files.list(directory)) {
      entries = list.sorted((a, b) -> name(a).compareTo(name(b))).toList();
    }
    for (Path path : entries) {
      FileStat.Kind kind = kind(path);
      if (kind == FileStat.Kind.OTHER) {
        continue;
      }
      sent.add(path);
      call.send(new Packet.Stat(stat(path, kind)).toBytes());
      if (kind == FileStat.Kind.DIRECTORY) {
        directory(path);
      }
    }
  }

  private static String name(Path path) {
    return path.getFileName().toString();
  }

  private static FileStat.Kind kind(Path path) {
    if (Files.isSymbolicLink(path)) {
      return FileStat.Kind.LINK;
    }
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      return FileStat.Kind.DIRECTORY;
    }
    return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
        ? FileStat.Kind.FILE
        : FileStat.Kind.OTHER;
  }

  private FileStat stat(Path path, FileStat.Kind kind) throws IOException {
    Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    int permissions = mode instanceof Integer bits ? bits & 07777 : 0644;
    return new FileStat(
        root.relativize(path).toString(),
        FileStat.mode(kind, permissions),
        kind == FileStat.Kind.FILE ? Files.size(path) : 0,
        Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).to(TimeUnit.NANOSECONDS),
        kind == FileStat.Kind.LINK ? Files.readSymbolicLink(path).toString() : "");
  }

  private void contents(int id) throws IOException {
    if (id < 0 || id >= sent.size() || kind(sent.get(id)) != FileStat.Kind.FILE) {
      throw new BuildException("the client wants a file that was not offered");
    }
    byte[] buffer = new byte[PIECE];
    try (InputStream in = Files.newInputStream(sent.get(id))) {
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        if (length > 0) {
          call.send(Packet.piece(id, buffer, length).toBytes());
        }
      }
    }
    call.send(new Packet.Data(id, new byte[0]).toBytes());
  }
}
