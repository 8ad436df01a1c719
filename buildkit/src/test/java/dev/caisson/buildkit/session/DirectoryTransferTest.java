/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.grpc.GrpcCall;
import dev.caisson.buildkit.grpc.GrpcMethod;
import dev.caisson.buildkit.grpc.Loop;
import dev.caisson.buildkit.wire.ProtoException;
import dev.caisson.buildkit.wire.ProtoWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Directories from and to clients, honest ones and others. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class DirectoryTransferTest {
  private static final String SYNC = "/moby.filesync.v1.FileSync/DiffCopy";
  private static final String SEND = "/moby.filesync.v1.FileSend/DiffCopy";

  @TempDir Path folder;

  private static ClientSession session(Loop loop) throws IOException {
    return new ClientSession(loop.channel(), new CompletableFuture<>());
  }

  private Path empty() throws IOException {
    return Files.createTempDirectory(folder, "to");
  }

  private static FileStat file(String path, String content) {
    return new FileStat(path, 0644, content.length(), 1_000_000_000L, "");
  }

  private static FileStat directory(String path) {
    return new FileStat(path, FileStat.mode(FileStat.Kind.DIRECTORY, 0755), 0, 0, "");
  }

  private static FileStat link(String path, String target) {
    return new FileStat(path, FileStat.mode(FileStat.Kind.LINK, 0777), 0, 0, target);
  }

  /** Offers these files, and then sends what is asked for: each file's content is its path. */
  private static GrpcMethod offering(FileStat... files) {
    return call -> {
      for (FileStat file : files) {
        call.send(new Packet.Stat(file).toBytes());
      }
      call.send(new Packet.LastStat().toBytes());
      for (var next = call.receive(); next.isPresent(); next = call.receive()) {
        switch (Packet.parse(next.get())) {
          case Packet.Request(int id) -> {
            byte[] content = files[id].path().getBytes(StandardCharsets.UTF_8);
            call.send(new Packet.Data(id, content).toBytes());
            call.send(new Packet.Data(id, new byte[0]).toBytes());
          }
          case Packet.Fin() -> {
            call.send(new Packet.Fin().toBytes());
            return;
          }
          default -> {
            return;
          }
        }
      }
    };
  }

  @Test
  void aTreeArrivesWithItsModesTimesAndLinks() throws Exception {
    FileStat script = new FileStat("bin/run", 0755, 7, 1_234_567_890_123_456_789L, "");
    FileStat hard = new FileStat("bin/same", 0755, 7, 0, "bin/run");
    try (var loop =
        new Loop(
            Map.of(
                SYNC,
                offering(
                    directory("bin"),
                    script,
                    hard,
                    link("l", "../../etc/passwd"),
                    file("z", "z"))))) {
      Path to = empty();
      long bytes = session(loop).receive("context", ClientSession.Selection.ALL, to);
      assertThat(bytes).isEqualTo("bin/run".length() + 1);
      assertThat(to.resolve("bin/run")).hasContent("bin/run");
      assertThat(Files.getAttribute(to.resolve("bin/run"), "unix:mode")).isEqualTo(0100755);
      assertThat(Files.getLastModifiedTime(to.resolve("bin/run")))
          .isEqualTo(FileTime.from(1_234_567_890_123_456_789L, TimeUnit.NANOSECONDS));
      assertThat(Files.isSameFile(to.resolve("bin/run"), to.resolve("bin/same"))).isTrue();
      assertThat(Files.readSymbolicLink(to.resolve("l"))).hasToString("../../etc/passwd");
    }
  }

  @Test
  void manyFilesAndPatternsThatAreNotAsciiArrive() throws Exception {
    FileStat[] files = new FileStat[5_000];
    for (int i = 0; i < files.length; i++) {
      files[i] = file("file-%05d".formatted(i), "");
    }
    AtomicReference<String> pattern = new AtomicReference<>("");
    GrpcMethod offer = offering(files);
    GrpcMethod noting =
        call -> {
          pattern.set(
              call.header("exclude-patterns") + " " + call.header("exclude-patterns-encoded"));
          offer.serve(call);
        };
    try (var loop = new Loop(Map.of(SYNC, noting))) {
      Path to = empty();
      session(loop).receive("context", new ClientSession.Selection(List.of("*.ö"), List.of()), to);
      try (var all = Files.list(to)) {
        assertThat(all).hasSize(files.length);
      }
      assertThat(pattern.get()).isEqualTo("*.%C3%B6 1");
    }
  }

  private void refused(GrpcMethod sender, String why) throws Exception {
    Path to = empty();
    Path outside = Files.createDirectories(folder.resolve("outside"));
    try (var loop = new Loop(Map.of(SYNC, sender))) {
      assertThatThrownBy(() -> session(loop).receive("context", ClientSession.Selection.ALL, to))
          .isInstanceOf(BuildException.class)
          .hasMessageContaining(why);
    }
    try (var all = Files.list(outside)) {
      assertThat(all).isEmpty();
    }
  }

  @Test
  void nothingIsWrittenThroughALink() throws Exception {
    refused(offering(link("out", "../outside"), file("out/file", "")), "no directory");
    refused(offering(link("out", "../outside"), directory("out")), "twice");
    refused(offering(file("a", ""), file("a", "")), "twice");
    refused(offering(link("a", "../outside/x"), file("a", "")), "twice");
    refused(offering(file("missing/file", "")), "no directory");
    refused(offering(link("l", "../outside"), new FileStat("h", 0644, 0, 0, "l")), "was not sent");
    refused(offering(new FileStat("h", 0644, 0, 0, "../../etc/passwd")), "was not sent");
  }

  @Test
  void pathsThatClimbAreNoPaths() throws Exception {
    for (String path :
        List.of("", "..", "a/../b", "/a", "a//b", "a/", ".", "./a", "a\0b", "x".repeat(300))) {
      GrpcMethod sender =
          call -> {
            var stat = new ProtoWriter().text(1, path).number(2, 0644);
            call.send(new ProtoWriter().message(2, stat).toBytes());
            call.receive();
          };
      refused(sender, "no path below");
    }
  }

  @Test
  void whatWasNotAskedForIsRefused() throws Exception {
    refused(call -> data(call, 0), "not asked for");
    refused(
        call -> {
          call.send(new Packet.Stat(file("a", "")).toBytes());
          data(call, 0);
        },
        "not asked for");
    refused(call -> call.send(new Packet.Fin().toBytes()), "before its end");
    refused(call -> {}, "before its end");
    refused(call -> call.send(new Packet.Failure("no").toBytes()), "no");
    refused(call -> call.send(new Packet.Request(3).toBytes()), "request for file");
    refused(call -> call.send(new byte[] {8, 99}), "type 99");
  }

  private static void data(GrpcCall call, int id) throws IOException {
    call.send(new Packet.Data(id, new byte[10]).toBytes());
    call.receive();
  }

  @Test
  void devicesAndPipesArePassedOver() throws Exception {
    FileStat pipe = new FileStat("pipe", 1 << 25 | 0644, 0, 0, "");
    FileStat device = new FileStat("null", 1 << 26 | 1 << 21 | 0644, 0, 0, "");
    try (var loop = new Loop(Map.of(SYNC, offering(device, pipe, file("z", ""))))) {
      Path to = empty();
      session(loop).receive("context", ClientSession.Selection.ALL, to);
      try (var all = Files.list(to)) {
        assertThat(all.map(path -> path.getFileName().toString())).containsExactly("z");
      }
    }
  }

  @Test
  void aResultGoesOutInTheOrderReceiversCheckAndComesBackTheSame() throws Exception {
    Path from = empty();
    Files.createDirectories(from.resolve("sub/deep"));
    Files.writeString(from.resolve("sub/deep/file"), "deep");
    Files.writeString(from.resolve("sub-1"), "after sub and all that is in it");
    Files.createSymbolicLink(from.resolve("link"), Path.of("sub-1"));
    Path to = empty();
    List<FileStat> seen = new ArrayList<>();
    GrpcMethod receiver = call -> receive(call, to, seen);
    try (var loop = new Loop(Map.of(SEND, receiver))) {
      session(loop).sendDirectory(0, from);
    }
    assertThat(seen)
        .extracting(FileStat::path)
        .containsExactly("link", "sub", "sub/deep", "sub/deep/file", "sub-1");
    assertThat(seen.getFirst().link()).isEqualTo("sub-1");
    assertThat(to.resolve("3")).hasContent("deep");
    assertThat(to.resolve("4")).hasContent("after sub and all that is in it");
  }

  /** A client that stores a result: each file by its number. */
  private static void receive(GrpcCall call, Path to, List<FileStat> seen) throws IOException {
    while (Packet.parse(call.receive().orElseThrow()) instanceof Packet.Stat(FileStat file)) {
      seen.add(file);
    }
    for (int id = 0; id < seen.size(); id++) {
      if (seen.get(id).kind() == FileStat.Kind.FILE) {
        call.send(new Packet.Request(id).toBytes());
        var content = new ByteArrayOutputStream();
        while (Packet.parse(call.receive().orElseThrow()) instanceof Packet.Data(_, byte[] piece)
            && piece.length > 0) {
          content.writeBytes(piece);
        }
        Files.write(to.resolve(String.valueOf(id)), content.toByteArray());
      }
    }
    call.send(new Packet.Fin().toBytes());
    assertThat(Packet.parse(call.receive().orElseThrow())).isEqualTo(new Packet.Fin());
    assertThat(call.receive()).isEmpty();
  }

  @Test
  void secretsAndLoginsAreAskedForAndMayBeAbsent() throws Exception {
    GrpcMethod secrets = GrpcMethod.unary(request -> new ProtoWriter().bytes(1, request).toBytes());
    try (var loop = new Loop(Map.of("/moby.buildkit.secrets.v1.Secrets/GetSecret", secrets))) {
      var session = session(loop);
      assertThat(session.secret("tok")).hasValue(new ProtoWriter().text(1, "tok").toBytes());
      assertThat(session.login("registry:5000").user()).isEmpty();
      assertThat(session.hasAgent("default")).isFalse();
    }
  }

  @Test
  void noiseIsRefusedAsAPacket() {
    var random = new Random(11);
    for (int i = 0; i < 100_000; i++) {
      byte[] noise = new byte[random.nextInt(60)];
      random.nextBytes(noise);
      try {
        assertThat(Packet.parse(noise)).isNotNull();
      } catch (ProtoException refused) {
        assertThat(refused).hasMessageMatching("(?s).+");
      }
    }
  }
}
