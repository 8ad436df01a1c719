/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import static dev.caisson.virtio.fs.FuseClient.name;
import static dev.caisson.virtio.fs.FuseClient.numbers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.Errno;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.fs.FuseClient.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a guest can ask, and what it cannot get: line 52 of the security checklist. */
class FuseServerTest {
  private static final int FIRST_TOP = 2;
  private static final int EXCLUSIVE = 0200;

  @TempDir Path directory;
  private Path share;
  private FuseServer server;
  private FuseClient client;

  @BeforeEach
  void export() throws IOException {
    Files.writeString(directory.resolve("secret"), "secret");
    share = Files.createDirectory(directory.resolve("share"));
    Files.writeString(share.resolve("file"), "content");
    Files.createSymbolicLink(share.resolve("out"), Path.of("../secret"));
    server = server(false, 100);
  }

  private FuseServer server(boolean readOnly, int capacity) {
    var root = Directory.openFile(share, 0, OpenFlag.PATH);
    var made = new FuseServer(List.of(new Export("root", root, readOnly, 1)), capacity);
    client = new FuseClient(made);
    return made;
  }

  @AfterEach
  void close() {
    server.close();
    client.close();
  }

  private Reply ask(int opcode, long node, byte[]... parts) {
    return client.ask(opcode, node, parts);
  }

  private long lookup(String text) {
    return ask(Opcode.LOOKUP, FIRST_TOP, name(text)).node();
  }

  private int refused(Reply reply) {
    return reply.error();
  }

  @Test
  void aFileIsFoundOpenedAndRead() {
    assertThat(ask(Opcode.LOOKUP, NodeTable.ROOT, name("root")).node()).isEqualTo(FIRST_TOP);
    long handle = ask(Opcode.OPEN, lookup("file"), numbers(0)).body().getLong(0);
    Reply read = ask(Opcode.READ, 0, numbers(handle, 0, 100, 0, 0));
    assertThat(StandardCharsets.UTF_8.decode(read.body()).toString()).isEqualTo("content");
  }

  @Test
  void oneExportCanBeTheRootItself() {
    server.close();
    var root = Directory.openFile(share, 0, OpenFlag.PATH);
    server = FuseServer.rootedAt(new Export("root", root, false, 1), 100, true);
    client.close();
    client = new FuseClient(server);
    long file = ask(Opcode.LOOKUP, NodeTable.ROOT, name("file")).node();
    assertThat(file).isGreaterThan(FIRST_TOP);
    long handle = ask(Opcode.OPEN, file, numbers(0)).body().getLong(0);
    Reply read = ask(Opcode.READ, 0, numbers(handle, 0, 100, 0, 0));
    assertThat(StandardCharsets.UTF_8.decode(read.body()).toString()).isEqualTo("content");
    assertThat(refused(ask(Opcode.LOOKUP, NodeTable.ROOT, name("..")))).isPositive();
    assertThat(refused(ask(Opcode.LOOKUP, FIRST_TOP, name("file")))).isPositive();
    ask(Opcode.MKDIR, NodeTable.ROOT, numbers(0755L), name("made"));
    assertThat(share.resolve("made")).isDirectory();
    ask(Opcode.FORGET, NodeTable.ROOT, numbers(1));
    assertThat(refused(ask(Opcode.GETATTR, NodeTable.ROOT, numbers(0, 0)))).isZero();
  }

  @Test
  void namesThatAreNoPlainComponentAreRefused() {
    for (String bad : List.of("..", ".", "", "a/b", "/etc/passwd", "../secret")) {
      assertThat(refused(ask(Opcode.LOOKUP, FIRST_TOP, name(bad))))
          .isEqualTo(Errno.EINVAL.number());
    }
    assertThat(refused(ask(Opcode.LOOKUP, FIRST_TOP, name("x".repeat(4096)))))
        .isEqualTo(Errno.ENAMETOOLONG.number());
    assertThat(
            refused(ask(Opcode.LOOKUP, FIRST_TOP, "unterminated".getBytes(StandardCharsets.UTF_8))))
        .isEqualTo(Errno.EINVAL.number());
  }

  @Test
  void aLinkIsReadNotFollowed() {
    long link = lookup("out");
    Reply target = ask(Opcode.READLINK, link);
    assertThat(StandardCharsets.UTF_8.decode(target.body()).toString()).isEqualTo("../secret");
    assertThat(refused(ask(Opcode.OPEN, link, numbers(0)))).isEqualTo(Errno.EINVAL.number());
    assertThat(refused(ask(Opcode.LOOKUP, link, name("x")))).isEqualTo(Errno.ENOTDIR.number());
    assertThat(refused(ask(Opcode.GETXATTR, link, numbers(0), name("user.x"))))
        .isEqualTo(Errno.EOPNOTSUPP.number());
  }

  @Test
  void aFifoIsNeverOpened() throws Exception {
    new ProcessBuilder("mkfifo", share.resolve("pipe").toString()).start().waitFor();
    assertThat(refused(ask(Opcode.OPEN, lookup("pipe"), numbers(0))))
        .isEqualTo(Errno.EINVAL.number());
  }

  @Test
  @Timeout(30)
  void whatExistsIsCreatedOnlyWhereItIsARegularFile() throws Exception {
    new ProcessBuilder("mkfifo", share.resolve("pipe").toString()).start().waitFor();
    int writing = 1;
    assertThat(refused(create("pipe", writing))).isEqualTo(Errno.ESTALE.number());
    assertThat(refused(create("out", writing))).isEqualTo(Errno.ESTALE.number());
    assertThat(refused(create("file", writing | EXCLUSIVE))).isEqualTo(Errno.EEXIST.number());
    assertThat(refused(create("file", writing))).isZero();
    assertThat(refused(create("new", writing))).isZero();
    assertThat(directory.resolve("secret")).hasContent("secret");
    assertThat(share.resolve("file")).hasContent("content");
  }

  private Reply create(String text, int flags) {
    return ask(Opcode.CREATE, FIRST_TOP, numbers(flags | 0644L << 32, 0), name(text));
  }

  @Test
  void forgedNumbersAreStale() {
    assertThat(refused(ask(Opcode.GETATTR, 4711))).isEqualTo(Errno.ESTALE.number());
    assertThat(refused(ask(Opcode.READ, FIRST_TOP, numbers(99, 0, 1, 0, 0))))
        .isEqualTo(Errno.EBADF.number());
    long file = lookup("file");
    ask(Opcode.FORGET, file, numbers(Long.MAX_VALUE));
    assertThat(refused(ask(Opcode.GETATTR, file))).isEqualTo(Errno.ESTALE.number());
    ask(Opcode.FORGET, FIRST_TOP, numbers(Long.MAX_VALUE));
    assertThat(refused(ask(Opcode.GETATTR, FIRST_TOP))).isZero();
  }

  @Test
  void namesOverlayTrustsAreNotTheGuests() {
    long file = lookup("file");
    for (String bad :
        List.of("trusted.overlay.redirect", "user.overlay.opaque", "security.selinux", "user.")) {
      assertThat(refused(ask(Opcode.SETXATTR, file, numbers(1), name(bad), new byte[] {1})))
          .isEqualTo(Errno.EOPNOTSUPP.number());
    }
  }

  @Test
  void withoutExtendedAttributesTheGuestIsToldNotToAsk() {
    server.close();
    client.close();
    var root = Directory.openFile(share, 0, OpenFlag.PATH);
    server = new FuseServer(List.of(new Export("root", root, false, 1)), 100, false);
    client = new FuseClient(server);
    long node = lookup("file");
    int[] all = {Opcode.SETXATTR, Opcode.GETXATTR, Opcode.LISTXATTR, Opcode.REMOVEXATTR};
    for (int opcode : all) {
      assertThat(refused(ask(opcode, node, numbers(100), name("user.x"))))
          .isEqualTo(Errno.ENOSYS.number());
    }
    assertThat(refused(ask(Opcode.GETATTR, node, numbers(0, 0)))).isZero();
  }

  @Test
  void aReadOnlyExportChangesNothing() {
    server.close();
    server = server(true, 100);
    int readOnly = Errno.EROFS.number();
    long file = lookup("file");
    assertThat(refused(ask(Opcode.OPEN, file, numbers(1)))).isEqualTo(readOnly);
    assertThat(refused(ask(Opcode.MKDIR, FIRST_TOP, numbers(0755), name("d")))).isEqualTo(readOnly);
    assertThat(refused(ask(Opcode.UNLINK, FIRST_TOP, name("file")))).isEqualTo(readOnly);
    assertThat(refused(ask(Opcode.SETATTR, file, new byte[88]))).isEqualTo(readOnly);
    assertThat(share.resolve("file")).hasContent("content");
  }

  @Test
  void lookupsWithoutEndMeetALimit() throws IOException {
    for (int i = 0; i < 150; i++) {
      Files.createFile(share.resolve("n" + i));
    }
    int refusals = 0;
    for (int i = 0; i < 150; i++) {
      refusals += refused(ask(Opcode.LOOKUP, FIRST_TOP, name("n" + i))) == 0 ? 0 : 1;
    }
    assertThat(refusals).isGreaterThan(40);
    assertThat(server.known()).isLessThanOrEqualTo(100);
  }

  @Test
  void whateverIsAskedTheSecretStaysAndTheServerGoesOn() throws IOException {
    var random = new Random(52);
    lookup("file");
    for (int round = 0; round < 20_000; round++) {
      byte[] body = new byte[random.nextInt(160)];
      random.nextBytes(body);
      if (random.nextBoolean()) { // small numbers reach further
        for (int i = 0; i < body.length; i++) {
          body[i] = (byte) (i % 8 == 0 ? random.nextInt(5) : 0);
        }
      }
      try {
        ask(random.nextInt(52), random.nextInt(6), body);
      } catch (VirtioException e) {
        assertThat(e.kind()).isEqualTo(VirtioException.Kind.GUEST);
      }
    }
    assertThat(directory.resolve("secret")).hasContent("secret");
    try (var entries = Files.list(directory)) {
      assertThat(entries).hasSize(2);
    }
  }

  @Test
  void aKnownDirectoryIsLookedUpAgainAndSeesEveryChange() throws IOException {
    long file = lookup("file");
    assertThat(lookup("file")).isEqualTo(file); // from now on known files are looked for first
    assertThat(lookup("file")).isEqualTo(file);
    Files.move(share.resolve("file"), share.resolve("moved"));
    assertThat(refused(ask(Opcode.LOOKUP, FIRST_TOP, name("file"))))
        .isEqualTo(Errno.ENOENT.number());
    assertThat(lookup("moved")).isEqualTo(file);
    Files.writeString(share.resolve("file"), "another");
    long other = lookup("file");
    assertThat(other).isNotEqualTo(file);
    long handle = ask(Opcode.OPEN, other, numbers(0)).body().getLong(0);
    assertThat(ask(Opcode.READ, 0, numbers(handle, 0, 100, 0, 0)).text()).isEqualTo("another");
    ask(Opcode.FORGET, file, numbers(4));
    assertThat(refused(ask(Opcode.GETATTR, file))).isEqualTo(Errno.ESTALE.number());
  }

  @Test
  void twoExportsOfOneDirectoryDifferInEveryNumber() {
    server.close();
    client.close();
    var one = new Export("one", Directory.openFile(share, 0, OpenFlag.PATH), false, 1);
    var two = new Export("two", Directory.openFile(share, 0, OpenFlag.PATH), false, 1);
    server = new FuseServer(List.of(one, two), 100);
    client = new FuseClient(server);
    Reply first = ask(Opcode.LOOKUP, FIRST_TOP, name("file"));
    Reply second = ask(Opcode.LOOKUP, FIRST_TOP + 1, name("file"));
    int inode = 40; // fuse_attr.ino in a struct fuse_entry_out
    assertThat(first.body().getLong(inode)).isNotEqualTo(second.body().getLong(inode));
    assertThat(first.node()).isNotEqualTo(second.node());
    Reply listed = ask(Opcode.READDIR, FIRST_TOP + 1, numbers(open(FIRST_TOP + 1), 0, 4096, 0, 0));
    boolean found = false;
    for (int at = 0; at < listed.body().limit(); ) {
      found |= listed.body().getLong(at) == second.body().getLong(inode);
      at += 24 + listed.body().getInt(at + 16) + 7 & -8;
    }
    assertThat(found).as("a listing says the same number").isTrue();
    assertThat(ask(Opcode.SYNCFS, NodeTable.ROOT).error()).isZero();
  }

  private long open(long directory) {
    return ask(Opcode.OPENDIR, directory, numbers(0)).node();
  }

  @Test
  void line52NothingIsRenamedOverTheRoot() {
    long root = NodeTable.ROOT;
    assertThat(refused(ask(Opcode.RENAME, FIRST_TOP, numbers(root), name("file"), name("root"))))
        .isEqualTo(Errno.EROFS.number());
    assertThat(refused(ask(Opcode.RENAME, root, numbers(FIRST_TOP), name("root"), name("x"))))
        .isEqualTo(Errno.EROFS.number());
    assertThat(refused(ask(Opcode.RENAME, FIRST_TOP, numbers(FIRST_TOP), name("file"), name(".."))))
        .isEqualTo(Errno.EINVAL.number());
    assertThat(
            refused(
                ask(Opcode.RENAME2, FIRST_TOP, numbers(FIRST_TOP, -1), name("file"), name("y"))))
        .isEqualTo(Errno.EINVAL.number());
    assertThat(share.resolve("file")).hasContent("content");
  }

  @Test
  void line52AReadOfAnySizeStaysInTheRoomThereIs() {
    long handle = ask(Opcode.OPEN, lookup("file"), numbers(0)).body().getLong(0);
    Reply read = ask(Opcode.READ, 0, numbers(handle, 0, 0xffff_ffffL, 0, 0));
    assertThat(read.error()).isZero();
    assertThat(read.body().remaining()).isEqualTo(7);
    assertThat(ask(Opcode.READ, 0, numbers(handle, -1, 0xffff_ffffL, 0, 0)).body().remaining())
        .isZero();
    assertThat(refused(ask(Opcode.WRITE, 0, numbers(handle, 0, 0xffff_ffffL, 0, 0))))
        .isEqualTo(Errno.EBADF.number());
  }

  @Test
  void line52AWriteTakesSetUserIdAwayWhereItShould() throws IOException {
    Path file = share.resolve("file");
    Files.setAttribute(file, "unix:mode", 0104755);
    long handle = ask(Opcode.OPEN, lookup("file"), numbers(1)).body().getLong(0);
    byte[] data = {1};
    ask(Opcode.WRITE, 0, numbers(handle, 0, 1, 0, 0), data);
    assertThat((int) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(04755);
    long killing = 1L << 34 | 1; // size 1, flag FUSE_WRITE_KILL_SUIDGID
    ask(Opcode.WRITE, 0, numbers(handle, 0, killing, 0, 0), data);
    assertThat((int) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(0755);
  }

  @Test
  void line52ADirectoryTheHostSwapsForALinkLeadsNowhereElse() throws IOException {
    Path inner = Files.createDirectory(share.resolve("inner"));
    Files.writeString(inner.resolve("secret"), "inner");
    long known = lookup("inner");
    Files.move(inner, share.resolve("moved"));
    Files.createSymbolicLink(inner, directory);
    long found = ask(Opcode.LOOKUP, known, name("secret")).node();
    long handle = ask(Opcode.OPEN, found, numbers(0)).body().getLong(0);
    Reply read = ask(Opcode.READ, 0, numbers(handle, 0, 100, 0, 0));
    assertThat(StandardCharsets.UTF_8.decode(read.body()).toString()).isEqualTo("inner");
    assertThat(refused(ask(Opcode.LOOKUP, lookup("inner"), name("secret"))))
        .isEqualTo(Errno.ENOTDIR.number());
  }

  @Test
  void aLongDirectoryIsListedWholeWhateverRoomThereIs() throws IOException {
    List<String> names = new ArrayList<>(List.of(".", "..", "file", "out"));
    for (int i = 0; i < 300; i++) {
      String name = "n".repeat(1 + i % 250) + i;
      Files.createFile(share.resolve(name));
      names.add(name);
    }
    server.close();
    server = server(false, 1000);
    for (int room : new int[] {512, 1000, 4096, 8000}) {
      assertThat(listing(Opcode.READDIR, 0, room)).containsExactlyInAnyOrderElementsOf(names);
      assertThat(listing(Opcode.READDIRPLUS, 128, room)).containsExactlyInAnyOrderElementsOf(names);
    }
  }

  /**
   * @param entry bytes in front of each struct fuse_dirent
   */
  private List<String> listing(int opcode, int entry, int room) {
    long handle = ask(Opcode.OPENDIR, FIRST_TOP, numbers(0)).body().getLong(0);
    List<String> names = new ArrayList<>();
    long position = 0;
    while (true) {
      Reply reply = ask(opcode, FIRST_TOP, numbers(handle, position, room, 0, 0));
      assertThat(reply.error()).isZero();
      if (!reply.body().hasRemaining()) {
        return names;
      }
      assertThat(reply.body().remaining()).isLessThanOrEqualTo(room);
      while (reply.body().hasRemaining()) {
        int start = reply.body().position() + entry;
        position = reply.body().getLong(start + 8);
        var name = new byte[reply.body().getInt(start + 16)];
        reply.body().get(start + 24, name);
        names.add(new String(name, StandardCharsets.UTF_8));
        reply.body().position(start + (24 + name.length + 7 & -8));
      }
    }
  }
}
