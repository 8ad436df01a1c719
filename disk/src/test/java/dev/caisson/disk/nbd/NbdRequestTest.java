/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.nbd.protocol.Chunk;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.Magic;
import dev.caisson.disk.nbd.protocol.NbdError;
import dev.caisson.disk.nbd.protocol.Option;
import dev.caisson.disk.nbd.protocol.OptionReply;
import dev.caisson.disk.nbd.protocol.Request;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a server answers to each request, and to what is none. */
@Timeout(120)
class NbdRequestTest extends ServedDisk {
  @Test
  void requestsOutsideTheExportGetErrors() throws IOException {
    try (var client = inUse()) {
      long[][] cases = {
        // type, offset, length, error
        {0, SIZE - 1, 2, NbdError.EINVAL.number()},
        {0, -1, 1, NbdError.EINVAL.number()},
        {0, Long.MAX_VALUE, 1, NbdError.EINVAL.number()},
        {0, 0, 0xffff_ffffL, NbdError.EINVAL.number()},
        {4, SIZE, 1, NbdError.EINVAL.number()},
        {6, 0, SIZE + 1, NbdError.ENOSPC.number()},
        {6, Long.MIN_VALUE, 0xffff_ffffL, NbdError.ENOSPC.number()},
        {7, 0, 512, NbdError.EINVAL.number()},
        {8, 0, 512, NbdError.EINVAL.number()},
        {0xffff, 0, 512, NbdError.EINVAL.number()},
        {4, SIZE, 0, 0},
        {6, 0, 0, 0},
      };
      for (long[] c : cases) {
        client.request(0, (int) c[0], 1, c[1], (int) c[2]);
        assertThat(client.receive(16).getInt(4)).as(Arrays.toString(c)).isEqualTo((int) c[3]);
      }
      client.request(0, 0, 1, 0, 0);
      assertThat(client.receive(16).getInt(4)).isZero();
      client.request(0x40, 0, 1, 0, 1);
      assertThat(error(client.receive(16))).isEqualTo(NbdError.EINVAL);
    }
  }

  @Test
  void aWritePastTheEndIsReadOverAndRefused() throws IOException {
    try (var client = inUse()) {
      client.request(0, 1, 1, SIZE - 1, 700_000); // longer than the server's buffers
      client.send(ByteBuffer.allocate(700_000).position(700_000));
      assertThat(error(client.receive(16))).isEqualTo(NbdError.ENOSPC);
      client.request(0, 1, 2, 0, 4);
      client.send(ByteBuffer.allocate(4).putInt(0x01020304));
      assertThat(client.receive(16).getInt(4)).isZero();
      assertThat(disk.read(0, 4)).containsExactly(1, 2, 3, 4);
    }
  }

  @Test
  void aWriteOfFourGigabytesEndsTheConnection() throws IOException {
    try (var client = inUse()) {
      client.request(0, 1, 1, 0, -1);
      assertThat(client.isHungUpOn()).isTrue();
    }
    assertAlive();
  }

  @Test
  void readOnlyExportsRefuseChanges() throws IOException {
    try (var client = client().hello()) {
      client.ask(Option.GO, RawClient.go(""));
      client.request(0, 1, 1, 0, 4);
      client.send(ByteBuffer.allocate(4).putInt(1));
      assertThat(error(client.receive(16))).isEqualTo(NbdError.EPERM);
      client.request(0, 6, 1, 0, 4096);
      assertThat(error(client.receive(16))).isEqualTo(NbdError.EPERM);
    }
    assertThat(disk.read(0, 4)).containsOnly(0);
  }

  @Test
  void halfARequestLeavesNoTrace() throws IOException {
    for (int length : new int[] {1, 27, 28, 100}) {
      try (var client = inUse()) {
        var message = ByteBuffer.allocate(200);
        new Request(0, 1, 1, 0, 150).write(message, false);
        message.put(new byte[172]).position(length);
        client.send(message);
      }
    }
    assertAlive();
    assertThat(disk.read(0, 150)).containsOnly(0);
  }

  @Test
  void structuredReadsTellHoles() throws IOException {
    disk.write(MemoryDisk.BLOCK, new byte[] {9});
    try (var client = inUse(Option.STRUCTURED_REPLY)) {
      client.request(0, 0, 5, 0, 3 * MemoryDisk.BLOCK);
      var hole = client.receive(32);
      assertThat(hole.getInt()).isEqualTo(Magic.STRUCTURED_REPLY);
      assertThat(hole.getInt()).isEqualTo(Chunk.OFFSET_HOLE);
      assertThat(hole.getLong()).isEqualTo(5);
      assertThat(hole.getInt(28)).isEqualTo(MemoryDisk.BLOCK);
      var data = client.receive(28 + MemoryDisk.BLOCK);
      assertThat(data.getInt(4)).isEqualTo(Chunk.OFFSET_DATA);
      assertThat(data.get(28)).isEqualTo((byte) 9);
      assertThat(client.receive(32).getInt(4)).isEqualTo(1 << 16 | Chunk.OFFSET_HOLE);
      client.request(Flags.Command.DF, 0, 6, 0, 3 * MemoryDisk.BLOCK);
      var whole = client.receive(28 + 3 * MemoryDisk.BLOCK);
      assertThat(whole.getInt(4)).isEqualTo(1 << 16 | Chunk.OFFSET_DATA);
    }
  }

  @Test
  void blockStatusAnswersEveryChosenContext() throws IOException {
    disk.write(MemoryDisk.BLOCK, new byte[] {9});
    try (var client = client().hello()) {
      client.ask(Option.STRUCTURED_REPLY, new byte[0]);
      client.option(
          Option.SET_META_CONTEXT.number(),
          RawClient.query("a", "base:allocation", "qemu:dirty-bitmap:odd", "base:", "x:y"));
      int allocation = ByteBuffer.wrap(client.answer().data()).getInt();
      int dirty = ByteBuffer.wrap(client.answer().data()).getInt();
      assertThat(client.answer().type()).isEqualTo(OptionReply.ACK);
      client.ask(Option.GO, RawClient.go("a"));
      client.request(0, 7, 1, 0, 3 * MemoryDisk.BLOCK);
      for (int id : new int[] {allocation, dirty}) {
        var chunk = client.receive(20 + 4 + 3 * 8);
        assertThat(chunk.getInt(20)).isEqualTo(id);
        for (int i = 0; i < 3; i++) {
          assertThat(chunk.getInt(24 + 8 * i)).isEqualTo(MemoryDisk.BLOCK);
          int odd = id == dirty ? Flags.DIRTY : 0;
          int even = id == dirty ? 0 : Flags.State.HOLE | Flags.State.ZERO;
          assertThat(chunk.getInt(28 + 8 * i)).isEqualTo(i == 1 ? odd : even);
        }
      }
      client.request(Flags.Command.REQ_ONE, 7, 2, 512, 1024);
      assertThat(client.receive(32).getInt(24)).isEqualTo(1024);
    }
  }

  @Test
  void contextsChosenForAnotherExportDoNotCount() throws IOException {
    try (var client = client().hello()) {
      client.ask(Option.STRUCTURED_REPLY, new byte[0]);
      client.ask(Option.SET_META_CONTEXT, RawClient.query("", "base:allocation"));
      client.ask(Option.GO, RawClient.go("a"));
      client.request(0, 7, 1, 0, 512);
      assertThat(client.receive(24).getInt(20)).isEqualTo(NbdError.EINVAL.number());
    }
  }

  @Test
  void aDiskFailureIsAnErrorReplyAndTheConnectionGoesOn() throws IOException {
    disk.failingOffset = 5000;
    try (var client = inUse()) {
      client.request(0, 0, 1, 4096, 4096);
      assertThat(error(client.receive(16))).isEqualTo(NbdError.EIO);
      client.request(0, 0, 2, 0, 4096);
      assertThat(client.receive(16 + 4096).getInt(4)).isZero();
    }
  }

  @Test
  void forceUnitAccessAndFlushReachTheDisk() throws IOException {
    try (var client = inUse()) {
      client.request(Flags.Command.FUA, 1, 1, 0, 4);
      client.send(ByteBuffer.allocate(4).putInt(1));
      client.receive(16);
      assertThat(disk.flushes).hasValue(1);
      client.request(0, 3, 2, 0, 0);
      client.receive(16);
      assertThat(disk.flushes).hasValue(2);
    }
  }

  @Test
  void fastZeroesAreRefusedWhereTheyWouldBeSlow() throws IOException {
    try (var client = inUse()) {
      client.request(Flags.Command.FAST_ZERO | Flags.Command.NO_HOLE, 6, 1, 0, 4096);
      assertThat(error(client.receive(16))).isEqualTo(NbdError.ENOTSUP);
      client.request(Flags.Command.FAST_ZERO, 6, 1, 0, 4096);
      assertThat(client.receive(16).getInt(4)).isZero();
    }
  }

  @Test
  void onASlowDiskNoRequestWaitsForTheOneBefore() throws IOException {
    disk.delayMillis = 5;
    try (var client = inUse()) {
      for (int i = 0; i < 8; i++) { // The server learns that this disk makes callers wait.
        client.request(0, 0, i, 0, 512);
        client.receive(16 + 512);
      }
      disk.meeting = new CyclicBarrier(2);
      var requests = ByteBuffer.allocate(28 * 2);
      new Request(0, 0, 100, 0, 512).write(requests, false);
      new Request(0, 0, 101, 512, 512).write(requests, false);
      client.send(requests);
      long first = client.receive(16 + 512).getLong(8);
      long second = client.receive(16 + 512).getLong(8);
      assertThat(first + second).isEqualTo(201);
    }
  }
}
