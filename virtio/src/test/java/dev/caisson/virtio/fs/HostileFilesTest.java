/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import static dev.caisson.virtio.fs.FuseClient.name;
import static dev.caisson.virtio.fs.FuseClient.numbers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.caisson.linux.Errno;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.fs.FuseClient.Reply;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest against its host's descriptors, read-only exports and owners. */
class HostileFilesTest {
  private static final int TOP = 2;
  private static final int NOT_ME = 1000;
  private static final int CREATE_IN = 1; // O_WRONLY
  private static final int TRUNCATE = 01000;

  @TempDir Path share;
  private FuseServer server;
  private FuseClient client;

  private FuseServer serve(boolean readOnly, DescriptorBudget budget) {
    var root = Directory.openFile(share, 0, OpenFlag.PATH);
    var exports = List.of(new Export("root", root, readOnly, 1));
    return new FuseServer(exports, 1000, true, budget);
  }

  private void connect(boolean readOnly) {
    server = serve(readOnly, DescriptorBudget.OF_PROCESS);
    client = new FuseClient(server);
  }

  @AfterEach
  void close() {
    if (client != null) {
      client.close();
      server.close();
    }
  }

  private long lookup(String text) {
    return client.ask(Opcode.LOOKUP, TOP, name(text)).node();
  }

  private static int found(FuseClient guest, int files) {
    int count = 0;
    for (int i = 0; i < files; i++) {
      Reply reply = guest.ask(Opcode.LOOKUP, TOP, name("n" + i));
      assertThat(reply.error()).isIn(0, Errno.ENFILE.number());
      count += reply.error() == 0 ? 1 : 0;
    }
    return count;
  }

  @Test
  void aGuestThatKnowsAllFilesLeavesDescriptorsForOthers() throws IOException {
    for (int i = 0; i < 100; i++) {
      Files.createFile(share.resolve("n" + i));
    }
    var budget = new DescriptorBudget(80);
    try (FuseServer greedy = serve(false, budget);
        FuseServer other = serve(false, budget);
        FuseClient first = new FuseClient(greedy);
        FuseClient second = new FuseClient(other)) {
      assertThat(found(first, 100)).isEqualTo(40);
      assertThat(found(second, 100)).isEqualTo(20);
      long node = 3;
      assertThat(first.ask(Opcode.OPEN, node, numbers(0)).error()).isEqualTo(Errno.ENFILE.number());
      for (long id = TOP + 1; id < TOP + 31; id++) {
        first.ask(Opcode.FORGET, id, numbers(1));
      }
      assertThat(first.ask(Opcode.OPEN, TOP + 35, numbers(0)).error()).isZero();
      assertThat(found(second, 100)).isGreaterThan(20);
      greedy.reset();
      other.reset();
      assertThat(found(second, 100)).isEqualTo(40);
    }
    try (FuseServer later = serve(false, budget);
        FuseClient third = new FuseClient(later)) {
      assertThat(found(third, 100)).isEqualTo(40); // who left gave all back
    }
  }

  @Test
  void everyOpcodeThatWritesIsRefusedOnAReadOnlyExport() throws IOException {
    Path file = Files.writeString(share.resolve("file"), "content");
    Files.createDirectory(share.resolve("directory"));
    FileTime before = FileTime.from(Instant.EPOCH.plusSeconds(1000));
    Files.setLastModifiedTime(file, before);
    connect(true);
    long known = lookup("file");
    long handle = client.ask(Opcode.OPEN, known, numbers(0)).body().getLong(0);
    Map<String, Reply> answers = new LinkedHashMap<>();
    answers.put("open to write", client.ask(Opcode.OPEN, known, numbers(1)));
    answers.put("open for both", client.ask(Opcode.OPEN, known, numbers(2)));
    answers.put("open with mode 3", client.ask(Opcode.OPEN, known, numbers(3)));
    answers.put("truncate", client.ask(Opcode.OPEN, known, numbers(TRUNCATE)));
    answers.put("mknod", client.ask(Opcode.MKNOD, TOP, numbers(0100644, 0), name("a")));
    answers.put("mkdir", client.ask(Opcode.MKDIR, TOP, numbers(0755), name("a")));
    answers.put("create", client.ask(Opcode.CREATE, TOP, numbers(CREATE_IN, 0), name("a")));
    answers.put("create to read", client.ask(Opcode.CREATE, TOP, numbers(0, 0), name("a")));
    answers.put("symlink", client.ask(Opcode.SYMLINK, TOP, name("a"), name("b")));
    answers.put("link", client.ask(Opcode.LINK, TOP, numbers(known), name("a")));
    answers.put("unlink", client.ask(Opcode.UNLINK, TOP, name("file")));
    answers.put("rmdir", client.ask(Opcode.RMDIR, TOP, name("directory")));
    answers.put("rename", client.ask(Opcode.RENAME, TOP, numbers(TOP), name("file"), name("a")));
    answers.put(
        "rename2", client.ask(Opcode.RENAME2, TOP, numbers(TOP, 0), name("file"), name("a")));
    for (int valid : new int[] {1, 2, 4, 8, 16, 32, 128 | 16, 256 | 32, 8 | 64}) {
      byte[] change = numbers(valid, handle, 0, 0, 0, 0, 0, 0, 0, 0, 0);
      answers.put("setattr " + valid, client.ask(Opcode.SETATTR, known, change));
    }
    answers.put(
        "setxattr", client.ask(Opcode.SETXATTR, known, numbers(1), name("user.a"), new byte[1]));
    answers.put("removexattr", client.ask(Opcode.REMOVEXATTR, known, name("user.a")));
    answers.forEach(
        (what, answer) -> assertThat(answer.error()).as(what).isEqualTo(Errno.EROFS.number()));
    int wrongHandle = Errno.EBADF.number();
    byte[] data = {1};
    assertThat(client.ask(Opcode.WRITE, known, numbers(handle, 0, 1, 0, 0), data).error())
        .isEqualTo(wrongHandle);
    assertThat(client.ask(Opcode.FALLOCATE, known, numbers(handle, 0, 9, 0)).error())
        .isEqualTo(wrongHandle);
    byte[] copy = numbers(handle, 0, known, handle, 3, 2, 0);
    assertThat(client.ask(Opcode.COPY_FILE_RANGE, known, copy).error()).isEqualTo(wrongHandle);
    assertThat(file).hasContent("content");
    assertThat(Files.getLastModifiedTime(file)).isEqualTo(before);
    try (var names = Files.list(share)) {
      assertThat(names).hasSize(2);
    }
  }

  @Test
  void whatAUserMakesInAGroupOfOthersHasNoSetGroupId() throws IOException {
    assumeThat(System.getProperty("user.name")).as("owners are kept by root").isEqualTo("root");
    Path common = Files.createDirectory(share.resolve("common"));
    Files.setAttribute(common, "unix:mode", 02777);
    connect(false);
    long parent = lookup("common");
    client.become(NOT_ME);
    long executable = 02755L << 32 | CREATE_IN;
    assertThat(client.ask(Opcode.CREATE, parent, numbers(executable, 0), name("made")).error())
        .isZero();
    assertThat(client.ask(Opcode.MKNOD, parent, numbers(0102755, 0), name("node")).error())
        .isZero();
    for (String made : List.of("made", "node")) {
      Path file = common.resolve(made);
      assertThat((int) Files.getAttribute(file, "unix:gid")).isZero();
      assertThat((int) Files.getAttribute(file, "unix:uid")).isEqualTo(NOT_ME);
      assertThat((int) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(0755);
    }
  }
}
