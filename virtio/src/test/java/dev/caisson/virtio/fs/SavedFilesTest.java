/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import static dev.caisson.virtio.fs.FuseClient.name;
import static dev.caisson.virtio.fs.FuseClient.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.caisson.linux.Errno;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a snapshot keeps of a guest's files, and what it cannot. */
class SavedFilesTest {
  private static final int TOP = 2;
  private static final int STALE = Errno.ESTALE.number();
  private static final int WRITE_ONLY = 1;
  private static final int READ_WRITE_TRUNCATE = 01002;

  @TempDir Path directory;
  private Path share;
  private FuseServer server;
  private FuseClient client;

  @BeforeEach
  void export() throws IOException {
    Files.writeString(directory.resolve("secret"), "secret");
    share = Files.createDirectory(directory.resolve("share"));
    Files.createDirectories(share.resolve("a/b"));
    Files.writeString(share.resolve("a/b/file"), "content");
    server = server(share, false);
    client = new FuseClient(server);
  }

  @AfterEach
  void close() {
    server.close();
    client.close();
  }

  private static FuseServer server(Path root, boolean readOnly) {
    var fd = Directory.openFile(root, 0, OpenFlag.PATH);
    return new FuseServer(List.of(new Export("root", fd, readOnly, 1)), 1000);
  }

  private long lookup(long parent, String... names) {
    long node = parent;
    for (String one : names) {
      node = client.ask(Opcode.LOOKUP, node, name(one)).node();
    }
    return node;
  }

  private long open(long node, long flags) {
    return client.ask(Opcode.OPEN, node, numbers(flags)).node();
  }

  private String read(long handle) {
    return client.ask(Opcode.READ, 0, numbers(handle, 0, 100, 0, 0)).text();
  }

  /** The guest's server is another one from now on. */
  private void goOn(FuseServer next, byte[] state) {
    next.restore(state);
    close();
    server = next;
    client = new FuseClient(next);
  }

  private static VirtioException refused(FuseServer next, byte[] state) {
    try (next) {
      return (VirtioException) catchThrowable(() -> next.restore(state));
    }
  }

  @Test
  void nodesHandlesAndListingsGoOn() throws IOException {
    long b = lookup(TOP, "a", "b");
    long file = lookup(b, "file");
    lookup(b, "file");
    long reading = open(file, 0);
    long writing = open(file, READ_WRITE_TRUNCATE);
    client.ask(
        Opcode.WRITE, 0, numbers(writing, 0, 5, 0, 0), "12345".getBytes(StandardCharsets.UTF_8));
    long listing = client.ask(Opcode.OPENDIR, b, numbers(0)).node();
    byte[] state = server.save();
    goOn(server(share, false), state);
    assertThat(share.resolve("a/b/file")).as("not truncated once more").hasContent("12345");
    assertThat(read(reading)).isEqualTo("12345");
    client.ask(Opcode.WRITE, 0, numbers(writing, 5, 1, 0, 0), new byte[] {'6'});
    assertThat(read(reading)).isEqualTo("123456");
    byte[] refusedWrite = numbers(reading, 0, 1, 0, 0);
    assertThat(client.ask(Opcode.WRITE, 0, refusedWrite, new byte[1]).error())
        .isEqualTo(Errno.EBADF.number());
    assertThat(client.ask(Opcode.READDIR, b, numbers(listing, 0, 4096, 0, 0)).body().remaining())
        .isPositive();
    assertThat(lookup(b, "file")).isEqualTo(file);
    client.ask(Opcode.FORGET, file, numbers(2));
    assertThat(client.ask(Opcode.GETATTR, file).error()).as("looked up three times").isZero();
    client.ask(Opcode.FORGET, file, numbers(1));
    assertThat(client.ask(Opcode.GETATTR, file).error()).isEqualTo(STALE);
    Files.writeString(share.resolve("later"), "");
    assertThat(lookup(TOP, "later")).isGreaterThan(file);
    assertThat(open(lookup(TOP, "later"), 0)).isGreaterThan(listing);
  }

  @Test
  void aFileMovedMeanwhileIsSavedWhereItIs() throws IOException {
    long file = lookup(TOP, "a", "b", "file");
    Files.move(share.resolve("a/b/file"), share.resolve("elsewhere"));
    byte[] state = server.save();
    goOn(server(share, false), state);
    assertThat(read(open(file, 0))).isEqualTo("content");
  }

  @Test
  void aFileMerelyKnownThatVanishedIsStale() throws IOException {
    long file = lookup(TOP, "a", "b", "file");
    long b = lookup(TOP, "a", "b");
    byte[] state = server.save();
    Files.delete(share.resolve("a/b/file"));
    goOn(server(share, false), state);
    assertThat(client.ask(Opcode.GETATTR, file).error()).isEqualTo(STALE);
    assertThat(client.ask(Opcode.GETATTR, b).error()).isZero();
    client.ask(Opcode.FORGET, file, numbers(1));
  }

  @Test
  void anOpenFileThatVanishedIsNamed() throws IOException {
    open(lookup(TOP, "a", "b", "file"), 0);
    byte[] state = server.save();
    Files.delete(share.resolve("a/b/file"));
    VirtioException refusal = refused(server(share, false), state);
    assertThat(refusal.kind()).isEqualTo(VirtioException.Kind.HOST);
    assertThat(refusal).hasMessageContaining("a/b/file").hasMessageContaining("open");
  }

  @Test
  void anotherKindOfFileInItsPlaceIsNotTheFile() throws IOException {
    long file = lookup(TOP, "a", "b", "file");
    byte[] state = server.save();
    Files.delete(share.resolve("a/b/file"));
    Files.createSymbolicLink(share.resolve("a/b/file"), directory.resolve("secret"));
    goOn(server(share, false), state);
    assertThat(client.ask(Opcode.GETATTR, file).error()).isEqualTo(STALE);
  }

  @Test
  void aDirectorySwappedForALinkLeadsNowhereElse() throws IOException {
    Files.createDirectories(directory.resolve("b"));
    Files.writeString(directory.resolve("b/file"), "not yours");
    long file = lookup(TOP, "a", "b", "file");
    byte[] state = server.save();
    Files.move(share.resolve("a"), directory.resolve("moved"));
    Files.createSymbolicLink(share.resolve("a"), directory);
    goOn(server(share, false), state);
    assertThat(client.ask(Opcode.GETATTR, file).error()).isEqualTo(STALE);
  }

  @Test
  void aRemovedOpenFileCannotBeSaved() throws IOException {
    long handle = open(lookup(TOP, "a", "b", "file"), 0);
    Files.delete(share.resolve("a/b/file"));
    Files.writeString(share.resolve("a/b/file (deleted)"), "a name that misleads");
    assertThatThrownBy(server::save).hasMessageContaining("a/b/file");
    assertThat(read(handle)).as("the guest goes on").isEqualTo("content");
    client.ask(Opcode.RELEASE, 0, numbers(handle));
    server.save();
  }

  @Test
  void otherDirectoriesAndNarrowerRightsAreRefused() {
    open(lookup(TOP, "a", "b", "file"), WRITE_ONLY);
    byte[] state = server.save();
    assertThat(refused(server(share, true), state)).hasMessageContaining("EROFS");
    var other = Directory.openFile(share, 0, OpenFlag.PATH);
    var renamed = new FuseServer(List.of(new Export("data", other, false, 1)), 1000);
    assertThat(refused(renamed, state))
        .hasMessageContaining("[root]")
        .hasMessageContaining("[data]");
  }

  @Test
  void anyBytesAtAllAreRefusedOrHarmless() {
    open(lookup(TOP, "a", "b", "file"), 0);
    byte[] state = server.save();
    var random = new Random(4);
    for (int round = 0; round < 2000; round++) {
      byte[] bytes = state.clone();
      for (int i = 1 + random.nextInt(3); i > 0; i--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      byte[] cut =
          random.nextBoolean() ? bytes : Arrays.copyOf(bytes, random.nextInt(bytes.length));
      try (FuseServer next = server(share, false)) {
        next.restore(cut);
      } catch (VirtioException e) {
        assertThat(e.kind()).isNotEqualTo(VirtioException.Kind.GUEST);
      }
    }
  }

  @Test
  void aPathThatClimbsLeadsNowhere() {
    var climbing =
        new SavedFiles.SavedNode(
            10, 0, 1, KnownNode.REGULAR, "../secret".getBytes(StandardCharsets.UTF_8));
    var saved = new SavedFiles(List.of("root"), 20, List.of(climbing), 1, List.of());
    goOn(server(share, false), saved.encode());
    assertThat(client.ask(Opcode.GETATTR, 10).error()).isEqualTo(STALE);
  }

  /** Through the device, as a snapshot of a machine does it. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDeviceGoesOnInAnotherProcess(boolean packed) {
    byte[] state;
    try (TestGuest guest = new TestGuest(4 << 20, packed);
        var device = new FileSystemDevice("files", 1, server(share, false))) {
      assertThat(asked(guest, device, "a")).isEqualTo(3);
      device.stop();
      state = device.state();
    }
    try (TestGuest guest = new TestGuest(4 << 20, packed);
        var device = new FileSystemDevice("files", 1, server(share, false))) {
      device.restore(state);
      assertThat(asked(guest, device, "a")).isEqualTo(3);
      device.stop();
    }
  }

  /** Looks a name up in the first export; answers its node. */
  private static long asked(TestGuest guest, FileSystemDevice device, String text) {
    TestDriver queue = guest.start(device, 0, 64).get(1);
    byte[] word = name(text);
    ByteBuffer request = ByteBuffer.allocate(40 + word.length).order(ByteOrder.LITTLE_ENDIAN);
    request.putInt(request.capacity()).putInt(Opcode.LOOKUP).putLong(1).putLong(TOP);
    request.put(40, word);
    queue.offer(request.array(), 16 + Entry.SIZE);
    device.kicked(1);
    var answer = queue.answer();
    return ByteBuffer.wrap(answer.bytes()).order(ByteOrder.LITTLE_ENDIAN).getLong(16);
  }
}
