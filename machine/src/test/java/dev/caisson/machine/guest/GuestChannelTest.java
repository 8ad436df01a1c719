/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.workload.Program.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The guest is not trusted: what makes no sense ends its channel, and nothing else. */
class GuestChannelTest {
  private static final int HELLO = 1;
  private static final int STARTED = 2;
  private static final int OUTPUT = 4;
  private static final int EXITED = 5;
  private static final int ANSWER = 8;

  private static final int LAUNCH = 1;
  private static final int INPUT = 2;
  private static final int SIGNAL = 4;
  private static final int READ_FILE = 6;
  private static final int ADD_ENTROPY = 9;
  private static final int HOLD = 13;
  private static final int GO = 14;
  private static final int IDENTITY = 15;

  /** A guest made of bytes: what it says is queued, what it is told is kept. */
  private static final class Wire implements ByteChannel {
    private final LinkedBlockingQueue<byte[]> said = new LinkedBlockingQueue<>();
    private final ByteArrayOutputStream told = new ByteArrayOutputStream();
    private ByteBuffer current = ByteBuffer.allocate(0);
    private volatile boolean open = true;

    @Override
    public int read(ByteBuffer target) {
      try {
        while (!current.hasRemaining()) {
          byte[] next = said.poll(10, TimeUnit.SECONDS);
          if (next == null || next.length == 0) {
            return -1;
          }
          current = ByteBuffer.wrap(next);
        }
      } catch (InterruptedException e) {
        return -1;
      }
      int count = Math.min(target.remaining(), current.remaining());
      target.put(current.slice(current.position(), count));
      current.position(current.position() + count);
      return count;
    }

    @Override
    public synchronized int write(ByteBuffer source) {
      byte[] bytes = new byte[source.remaining()];
      source.get(bytes);
      told.writeBytes(bytes);
      return bytes.length;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
    }

    synchronized byte[] told() {
      return told.toByteArray();
    }

    void say(byte[] bytes) {
      said.add(bytes);
    }

    void hangUp() {
      said.add(new byte[0]);
    }
  }

  private final Wire wire = new Wire();
  private final GuestChannel channel = new GuestChannel(wire, "test");

  private static byte[] frame(int length, int type, int stream, int session, byte... payload) {
    return ByteBuffer.allocate(12 + payload.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(length)
        .putShort((short) type)
        .putShort((short) stream)
        .putInt(session)
        .put(payload)
        .array();
  }

  private void gone() throws Exception {
    channel.gone().get(10, TimeUnit.SECONDS);
    assertThat(wire.isOpen()).isFalse();
  }

  private GuestProcess launch(StringBuilder output) {
    return channel.launch(
        new byte[] {1, 2, 3},
        7,
        false,
        false,
        TerminalSize.UNKNOWN,
        new GuestProcess.Receiver() {
          @Override
          public void output(int stream, ByteBuffer bytes) {
            output.append(stream).append(':').append(bytes.remaining()).append(' ');
          }

          @Override
          public void end(int stream) {}
        });
  }

  @Test
  void aProcessStartsSpeaksAndEnds() throws Exception {
    wire.say(frame(4, HELLO, 0, 0, (byte) GuestChannel.VERSION, (byte) 0, (byte) 0, (byte) 0));
    channel.ready().get(10, TimeUnit.SECONDS);
    var output = new StringBuilder();
    GuestProcess process = launch(output);
    wire.say(frame(4, STARTED, 0, 7, (byte) 42, (byte) 0, (byte) 0, (byte) 0));
    assertThat(process.started().get(10, TimeUnit.SECONDS)).isEqualTo(42);
    wire.say(frame(2, OUTPUT, 2, 7, (byte) 'h', (byte) 'i'));
    wire.say(frame(4, EXITED, 0, 7, (byte) 3, (byte) 0, (byte) 0, (byte) 0));
    assertThat(process.exited().get(10, TimeUnit.SECONDS)).isEqualTo(3);
    assertThat(output.toString()).isEqualTo("2:2 ");
    wire.hangUp();
    gone();
  }

  private static byte[] done(int session) {
    return frame(4, ANSWER, 0, session, (byte) 0, (byte) 0, (byte) 0, (byte) 0);
  }

  /** Types of the first frames told, in their order, once there are as many. */
  private static List<Integer> told(Wire wire, int count) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (told(wire).size() < count && System.nanoTime() < end) {
      Thread.sleep(5);
    }
    return told(wire);
  }

  private static List<Integer> told(Wire wire) {
    ByteBuffer frames = ByteBuffer.wrap(wire.told()).order(ByteOrder.LITTLE_ENDIAN);
    List<Integer> types = new ArrayList<>();
    while (frames.hasRemaining()) {
      int length = frames.getInt();
      types.add((int) frames.getShort());
      frames.position(frames.position() + 6 + length);
    }
    return types;
  }

  private static final int FIRST_QUESTION = (1 << 30) + 1;

  @Test
  void whileTheGuestIsHeldOnlyOrdersForAHeldOneGoOut() throws Exception {
    GuestProcess process = launch(new StringBuilder());
    var held = channel.hold();
    wire.say(done(FIRST_QUESTION));
    held.get(10, TimeUnit.SECONDS);
    process.input(ByteBuffer.wrap(new byte[100]));
    process.signal(15);
    var _ = channel.file("/x");
    var _ = channel.addEntropy(new byte[32]);
    assertThat(told(wire, 3)).containsExactly(LAUNCH, HOLD, ADD_ENTROPY);
    // What waits here has not been sent: whoever goes on from the snapshot may send as much.
    assertThat(channel.inputCredits()).containsEntry(7, 128 << 10);
    var _ = channel.go();
    assertThat(told(wire, 7))
        .containsExactly(LAUNCH, HOLD, ADD_ENTROPY, GO, INPUT, SIGNAL, READ_FILE);
    assertThat(channel.inputCredits()).containsEntry(7, (128 << 10) - 100);
    wire.hangUp();
    gone();
  }

  @Test
  void aRefusedHoldIsToldAndTheGuestLetGo() throws Exception {
    var held = channel.hold();
    wire.say(frame(4, ANSWER, 0, FIRST_QUESTION, (byte) 16, (byte) 0, (byte) 0, (byte) 0));
    assertThatThrownBy(() -> held.get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(GuestFailure.class);
    var _ = channel.go();
    var _ = channel.file("/x");
    assertThat(told(wire, 3)).containsExactly(HOLD, GO, READ_FILE);
    wire.hangUp();
    gone();
  }

  @Test
  void aCloneIsReadyAtOnceAndSentNothingElseBeforeItGoesOn() throws Exception {
    var clone = new Wire();
    var other = GuestChannel.ofHeld(clone, "clone");
    assertThat(other.ready()).isDone();
    GuestProcess process =
        other.running(
            1,
            42,
            10,
            new GuestProcess.Receiver() {
              @Override
              public void output(int stream, ByteBuffer bytes) {}

              @Override
              public void end(int stream) {}
            });
    assertThat(process.started().join()).isEqualTo(42);
    process.input(ByteBuffer.wrap(new byte[10]));
    var _ = other.identity(42, "0".repeat(36), "host", "");
    var _ = other.goAsClone(List.of("/host/f0"));
    assertThat(told(clone, 3)).containsExactly(IDENTITY, GO, INPUT);
    assertThat(new String(clone.told(), StandardCharsets.ISO_8859_1))
        .contains("0".repeat(36) + "\0host\0\0")
        .contains("/host/f0\0");
    clone.say(frame(4, EXITED, 0, 1, (byte) 3, (byte) 0, (byte) 0, (byte) 0));
    assertThat(process.exited().get(10, TimeUnit.SECONDS)).isEqualTo(3);
    clone.hangUp();
    other.gone().get(10, TimeUnit.SECONDS);
  }

  @Test
  void anotherVersionIsNotSpokenTo() throws Exception {
    wire.say(frame(4, HELLO, 0, 0, (byte) 1, (byte) 0, (byte) 0, (byte) 0));
    assertThatThrownBy(() -> channel.ready().get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("version");
    gone();
  }

  @Test
  void lengthsAreCheckedBeforeMemoryIsTaken() throws Exception {
    wire.say(frame(-1, OUTPUT, 1, 7));
    gone();
    var second = new Wire();
    var other = new GuestChannel(second, "large");
    second.say(frame((1 << 20) + 1, OUTPUT, 1, 7));
    other.gone().get(10, TimeUnit.SECONDS);
  }

  @Test
  void aPayloadThatIsTooShortEndsTheChannelAndItsProcesses() throws Exception {
    GuestProcess process = launch(new StringBuilder());
    wire.say(frame(1, EXITED, 0, 7, (byte) 3));
    gone();
    assertThatThrownBy(() -> process.exited().get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(GuestFailure.class);
    assertThatThrownBy(() -> channel.file("/x").get(10, TimeUnit.SECONDS))
        .hasMessageContaining("gone");
  }

  @Test
  void anAnswerThatIsTooShortEndsTheChannelAndItsQuestions() throws Exception {
    var answer = channel.write("/x", "1");
    wire.say(frame(1, ANSWER, 0, (1 << 30) + 1, (byte) 0));
    gone();
    assertThatThrownBy(() -> answer.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(GuestFailure.class);
  }

  @Test
  void anyBytesAtAllEndInAClosedChannel() throws Exception {
    var random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      var hostile = new Wire();
      var heard = new GuestChannel(hostile, "hostile");
      heard.launch(new byte[1], 7, false, true, TerminalSize.UNKNOWN, new Deaf());
      byte[] noise = new byte[random.nextInt(200)];
      random.nextBytes(noise);
      if (random.nextBoolean() && noise.length >= 12) {
        // A header that could be one, so that what is behind it is looked at.
        ByteBuffer.wrap(noise)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(0, random.nextInt(noise.length))
            .putShort(4, (short) random.nextInt(10))
            .putInt(8, 7);
      }
      if (noise.length > 0) {
        hostile.say(noise);
      }
      hostile.hangUp();
      heard.gone().get(10, TimeUnit.SECONDS);
      assertThat(hostile.isOpen()).isFalse();
    }
  }

  /** A guest that speaks, and reads nothing until it is told to. */
  private static final class Silent implements ByteChannel {
    private final Wire wire = new Wire();
    private final CountDownLatch reads = new CountDownLatch(1);

    @Override
    public int read(ByteBuffer target) {
      return wire.read(target);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      try {
        reads.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return wire.write(source);
    }

    @Override
    public boolean isOpen() {
      return wire.isOpen();
    }

    @Override
    public void close() {
      wire.close();
      wire.hangUp();
      reads.countDown();
    }
  }

  @Test
  @Timeout(60)
  void aGuestThatReadsNothingHoldsNobodyAndIsHeardAllTheSame() throws Exception {
    var silent = new Silent();
    var other = new GuestChannel(silent, "silent");
    GuestProcess process =
        other.launch(new byte[1], 7, false, true, TerminalSize.UNKNOWN, new Deaf());
    for (int i = 0; i < 10_000; i++) {
      process.signal(15);
    }
    process.input(ByteBuffer.wrap(new byte[100 << 10]));
    assertThatThrownBy(() -> other.file("/x").get(10, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    silent.wire.say(frame(4, EXITED, 0, 7, (byte) 3, (byte) 0, (byte) 0, (byte) 0));
    assertThat(process.exited().get(10, TimeUnit.SECONDS)).isEqualTo(3);
    other.close();
  }

  @Test
  @Timeout(60)
  void aGuestThatLeavesTooMuchUnreadIsGivenUp() throws Exception {
    var silent = new Silent();
    var other = new GuestChannel(silent, "silent");
    byte[] plan = new byte[1 << 20];
    for (int i = 1; i < 20; i++) {
      var _ = other.launch(plan, i, false, false, TerminalSize.UNKNOWN, new Deaf());
    }
    other.gone().get(10, TimeUnit.SECONDS);
    assertThat(silent.isOpen()).isFalse();
  }

  private static final class Deaf implements GuestProcess.Receiver {
    @Override
    public void output(int stream, ByteBuffer bytes) {}

    @Override
    public void end(int stream) {}
  }
}
