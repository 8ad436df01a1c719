/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.grpc.GrpcCall;
import dev.caisson.buildkit.wire.ProtoException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Receives a directory into an empty one: fsutil's protocol, from the receiver's side.
 *
 * <p>The sender is not trusted. Every path lies in a directory that it sent before, so that no link
 * leads out; a path comes once; files and bytes are counted. Devices and pipes are passed over.
 */
final class DirectoryReceiver {
  /** A larger context is refused, as one that comes as a tar. */
  static final long BYTES_LIMIT = 8L << 30;

  static final int FILES_LIMIT = 500_000;

  /** Files asked for before the first of them is complete. */
  private static final int ASKED_AHEAD = 64;

  private final GrpcCall call;
  private final Path root;
  private final Set<String> directories = new HashSet<>(Set.of(""));
  private final Set<String> files = new HashSet<>();
  private final Deque<Wanted> wanted = new ArrayDeque<>();
  private final Map<Integer, Open> open = new HashMap<>();
  private final List<FileStat> times = new ArrayList<>();
  private int count;
  private long bytes;

  private record Wanted(int id, FileStat file) {}

  private record Open(FileStat file, OutputStream out) {}

  /**
   * @param root an empty directory
   */
  DirectoryReceiver(GrpcCall call, Path root) {
    this.call = call;
    this.root = root;
  }

  /**
   * Receives everything; returns the bytes of all files.
   *
   * @throws BuildException when the sender failed, or is refused, or there is no room
   * @throws IOException when the connection broke
   */
  long receive() throws IOException {
    try {
      boolean all = false;
      while (!all || !wanted.isEmpty() || !open.isEmpty()) {
        Packet packet =
            call.receive().map(Packet::parse).orElseThrow(DirectoryReceiver::endedEarly);
        all |= packet instanceof Packet.LastStat;
        accept(packet);
        askFor(all);
      }
      finishDirectories();
      finish();
      return bytes;
    } catch (ProtoException | BuildException refused) {
      tell(refused);
      throw refused instanceof BuildException known
          ? known
          : new BuildException("the build context: " + refused.getMessage(), refused);
    } finally {
      closeAll();
    }
  }

  private static BuildException endedEarly() {
    return new BuildException("the client stopped sending the build context before its end");
  }

  private void accept(Packet packet) throws IOException {
    switch (packet) {
      case Packet.Stat(FileStat file) -> stored(() -> make(file));
      case Packet.LastStat() -> {}
      case Packet.Data(int id, byte[] piece) -> stored(() -> write(id, piece));
      case Packet.Failure(String message) ->
          throw new BuildException("the client cannot send the build context: " + message);
      case Packet.Fin() -> throw endedEarly();
      case Packet.Request(int id) -> throw new ProtoException("a request for file " + id);
    }
  }

  /** Something done to the disk. */
  private interface Storing {
    void run() throws IOException;
  }

  /** A full disk is told as what it is. */
  private static void stored(Storing storing) {
    try {
      storing.run();
    } catch (FileAlreadyExistsException twice) {
      throw new ProtoException("a file came twice");
    } catch (IOException failed) {
      throw new BuildException("cannot store the build context: " + failed.getMessage(), failed);
    }
  }

  private void make(FileStat file) throws IOException {
    int id = count++;
    if (count > FILES_LIMIT) {
      throw tooLarge();
    }
    if (!directories.contains(file.parent())) {
      throw new ProtoException("'" + file.path() + "' lies in no directory that was sent");
    }
    Path target = root.resolve(file.path());
    switch (file.kind()) {
      case DIRECTORY -> {
        Files.createDirectory(target);
        directories.add(file.path());
        times.add(file);
      }
      case LINK -> Files.createSymbolicLink(target, Path.of(file.link()));
      case FILE -> {
        if (file.isHardLink()) {
          if (!files.contains(file.link())) {
            throw new ProtoException("'" + file.path() + "' is linked to a file that was not sent");
          }
          Files.createLink(target, root.resolve(file.link()));
        } else {
          Files.createFile(target);
          wanted.add(new Wanted(id, file));
        }
        files.add(file.path());
      }
      case OTHER -> {}
    }
  }

  private static BuildException tooLarge() {
    return new BuildException(
        "the build context is larger than "
            + FILES_LIMIT
            + " files or "
            + BYTES_LIMIT
            + " bytes; add a .dockerignore file");
  }

  private void write(int id, byte[] piece) throws IOException {
    Open file = open.get(id);
    if (file == null) {
      throw new ProtoException("data of a file that was not asked for");
    }
    if (piece.length == 0) {
      open.remove(id);
      file.out().close();
      complete(file.file());
      return;
    }
    bytes += piece.length;
    if (bytes > BYTES_LIMIT) {
      throw tooLarge();
    }
    file.out().write(piece);
  }

  /** Only when all files are told: then the sender has its hands free for what it is asked. */
  private void askFor(boolean all) throws IOException {
    while (all && open.size() < ASKED_AHEAD && !wanted.isEmpty()) {
      Wanted next = wanted.remove();
      stored(() ->
          open.put(
              next.id(),
              new Open(
                  next.file(),
                  Files.newOutputStream(
                      root.resolve(next.file().path()), StandardOpenOption.WRITE))));
      call.send(new Packet.Request(next.id()).toBytes());
    }
  }

  private void complete(FileStat file) throws IOException {
    Path path = root.resolve(file.path());
    boolean directory = file.kind() == FileStat.Kind.DIRECTORY;
    Files.setAttribute(path, "unix:mode", file.permissions() | (directory ? 0700 : 0600));
    Files.setLastModifiedTime(path, FileTime.from(file.time(), TimeUnit.NANOSECONDS));
  }

  /** Last, since every file in one changes its time. */
  private void finishDirectories() {
    for (FileStat directory : times.reversed()) {
      stored(() -> complete(directory));
    }
  }

  private void finish() throws IOException {
    call.sendLast(new Packet.Fin().toBytes());
    while (call.receive().isPresent()) {
      // The sender's own farewell.
    }
    call.checkStatus();
  }

  private void tell(RuntimeException refused) {
    try {
      call.send(new Packet.Failure(String.valueOf(refused.getMessage())).toBytes());
    } catch (IOException gone) {
      refused.addSuppressed(gone);
    }
    call.close();
  }

  private void closeAll() throws IOException {
    for (Open file : open.values()) {
      file.out().close();
    }
  }
}
