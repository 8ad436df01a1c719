/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import dev.caisson.sandbox.workload.Program.TerminalSize;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The host's end of the stream to a guest's first process; docs/guest-protocol.md.
 *
 * <p>The guest is not trusted: a frame that breaks the protocol ends the channel.
 */
public final class GuestChannel implements AutoCloseable {
  static final int LAUNCH = 1;
  static final int INPUT = 2;
  static final int WINDOW = 3;
  static final int SIGNAL = 4;
  static final int CREDIT = 5;
  private static final int READ_FILE = 6;
  private static final int POWER_OFF = 7;
  private static final int SET_CLOCK = 8;
  private static final int ADD_ENTROPY = 9;
  private static final int NETWORK = 10;
  private static final int PROCESSES = 11;
  private static final int WRITE_FILE = 12;
  private static final int HOLD = 13;
  private static final int GO = 14;
  private static final int IDENTITY = 15;

  private static final int HELLO = 1;
  private static final int STARTED = 2;
  private static final int FAILED = 3;
  private static final int OUTPUT = 4;
  private static final int EXITED = 5;
  private static final int ACCEPTED = 6;
  private static final int FILE_CONTENT = 7;
  private static final int ANSWER = 8;

  /** Of the protocol; a guest that was saved speaks the one it had then. */
  public static final int VERSION = 3;

  private static final int LARGEST = 1 << 20;
  private static final int TERMINAL = 1;
  private static final int WITH_INPUT = 2;
  private static final int AS_CLONE = 1;

  private final ByteChannel stream;
  private final FrameWriter writer;
  private final CompletableFuture<Void> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> gone = new CompletableFuture<>();
  private final Map<Integer, GuestProcess> processes = new ConcurrentHashMap<>();
  private final Map<Integer, CompletableFuture<byte[]>> questions = new ConcurrentHashMap<>();
  private final AtomicInteger questionNumbers = new AtomicInteger(1 << 30);

  /**
   * @param stream blocking; closed together with the channel
   */
  public GuestChannel(ByteChannel stream, String name) {
    this(stream, new FrameWriter(stream, name));
    listen(name);
  }

  private GuestChannel(ByteChannel stream, FrameWriter writer) {
    this.stream = stream;
    this.writer = writer;
  }

  /**
   * To a guest that was saved while {@linkplain #hold held}: it is ready, and waits for {@link
   * #goAsClone}. What it is told before goes ahead of everything else.
   *
   * @param stream as for others
   */
  public static GuestChannel ofHeld(ByteChannel stream, String name) {
    var channel = new GuestChannel(stream, FrameWriter.holding(stream, name));
    channel.ready.complete(null);
    channel.listen(name);
    return channel;
  }

  private void listen(String name) {
    Thread.ofPlatform().name("guest " + name).daemon().start(this::receive);
  }

  /** Completes when the guest's first process is ready for plans. */
  public CompletableFuture<Void> ready() {
    return ready;
  }

  /** Completes, never exceptionally, when the guest can no longer be reached. */
  public CompletableFuture<Void> gone() {
    return gone;
  }

  /**
   * Has the guest carry out a plan.
   *
   * @param plan encoded
   * @param session a number never used before on this channel, 1 to 2^30
   * @param size of the terminal, if it has one
   */
  public GuestProcess launch(
      byte[] plan,
      int session,
      boolean terminal,
      boolean withInput,
      TerminalSize size,
      GuestProcess.Receiver receiver) {
    var process = new GuestProcess(this, session, receiver);
    processes.put(session, process);
    ByteBuffer payload = ByteBuffer.allocate(8 + plan.length).order(ByteOrder.LITTLE_ENDIAN);
    payload.putInt((terminal ? TERMINAL : 0) | (withInput ? WITH_INPUT : 0));
    payload.putShort((short) size.rows()).putShort((short) size.columns()).put(plan);
    send(LAUNCH, 0, session, payload.array());
    if (gone.isDone()) {
      process.onGone(new GuestFailure(GuestFailure.NO_STEP, 0, "the guest is gone"));
    }
    return process;
  }

  /** The first 32 KiB of a file of the guest; empty if it cannot be read. */
  public CompletableFuture<byte[]> file(String path) {
    return ask(READ_FILE, path.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes to a file that exists, such as a limit of a control group. */
  public CompletableFuture<byte[]> write(String path, String content) {
    return ask(WRITE_FILE, (path + "\0" + content).getBytes(StandardCharsets.UTF_8));
  }

  /** Status, stat and command line of each process: length and bytes, three for each. */
  public CompletableFuture<byte[]> processes() {
    return ask(PROCESSES, new byte[0]);
  }

  public CompletableFuture<byte[]> setClock(long seconds, long nanoseconds) {
    ByteBuffer time = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    return askHeld(SET_CLOCK, time.putLong(seconds).putLong(nanoseconds).array());
  }

  /**
   * @param bytes at most 256
   */
  public CompletableFuture<byte[]> addEntropy(byte[] bytes) {
    return askHeld(ADD_ENTROPY, bytes);
  }

  /**
   * Has the guest's kernel carry out rtnetlink requests, up to the first refused one.
   *
   * @param requests as {@link dev.caisson.linux.net.RouteBatch#toBytes} makes them
   */
  public CompletableFuture<byte[]> network(byte[] requests) {
    return askHeld(NETWORK, requests);
  }

  /**
   * Has the workload stand still, with its files written. From then on the guest sends answers
   * alone, and whatever else is sent to it waits here until {@link #go}.
   */
  public CompletableFuture<byte[]> hold() {
    return ask(number -> writer.sendAndHold(HOLD, number, new byte[0]));
  }

  /** Lets a held guest go on; also one of which it is not known whether it is held. */
  public CompletableFuture<byte[]> go() {
    return ask(number -> writer.sendAndRelease(GO, number, numbers(0)));
  }

  /**
   * Lets a clone go on.
   *
   * @param files paths in the guest that are not what they were to the one that was saved
   */
  public CompletableFuture<byte[]> goAsClone(Collection<String> files) {
    var order = new ByteArrayOutputStream();
    order.writeBytes(numbers(AS_CLONE));
    files.forEach(file -> order.writeBytes((file + "\0").getBytes(StandardCharsets.UTF_8)));
    return ask(number -> writer.sendAndRelease(GO, number, order.toByteArray()));
  }

  /**
   * Names a held clone for itself.
   *
   * @param process the workload's first one, in whose namespaces the names are seen
   * @param bootId 36 characters, as /proc/sys/kernel/random/boot_id has them
   * @param host empty to leave it
   * @param domain empty to leave it
   */
  public CompletableFuture<byte[]> identity(
      int process, String bootId, String host, String domain) {
    var names = new ByteArrayOutputStream();
    names.writeBytes(numbers(process));
    names.writeBytes(String.join("\0", bootId, host, domain, "").getBytes(StandardCharsets.UTF_8));
    return askHeld(IDENTITY, names.toByteArray());
  }

  /** What the guest may still be sent, for each of its processes, by session. */
  public Map<Integer, Integer> inputCredits() {
    var credits = new TreeMap<Integer, Integer>();
    processes.forEach((session, process) ->
        credits.put(session, process.inputCredit() + writer.waiting(INPUT, session)));
    return credits;
  }

  /**
   * A process that a held guest has already.
   *
   * @param credit what may be sent to its input at once, bytes
   */
  public GuestProcess running(int session, int pid, int credit, GuestProcess.Receiver receiver) {
    var process = new GuestProcess(this, session, receiver);
    process.goOn(pid, credit);
    processes.put(session, process);
    return process;
  }

  public void powerOff() {
    send(POWER_OFF, 0, 0, new byte[0]);
  }

  /** Answers come back with the question's number; an order's answer is four bytes of errno. */
  private CompletableFuture<byte[]> ask(int type, byte[] payload) {
    return ask(number -> send(type, 0, number, payload));
  }

  /** Goes to a held guest too. */
  private CompletableFuture<byte[]> askHeld(int type, byte[] payload) {
    return ask(number -> writer.sendToHeld(type, 0, number, payload));
  }

  private CompletableFuture<byte[]> ask(IntConsumer sender) {
    int number = questionNumbers.incrementAndGet();
    var answer = new CompletableFuture<byte[]>();
    questions.put(number, answer);
    var _ = answer.whenComplete((content, refused) -> questions.remove(number));
    sender.accept(number);
    if (gone.isDone()) {
      failQuestions();
    }
    return answer;
  }

  static byte[] numbers(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }

  /** A guest that is gone takes frames silently: its end is told by {@link #gone}. */
  void send(int type, int stream, int session, byte[] payload) {
    writer.send(type, stream, session, payload);
  }

  private void receive() {
    ByteBuffer header = ByteBuffer.allocate(FrameWriter.HEADER).order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (true) {
        fill(header.clear());
        int length = header.getInt(0);
        if (length < 0 || length > LARGEST) {
          throw new IOException("frame of " + length + " bytes");
        }
        ByteBuffer payload = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        fill(payload);
        payload.flip();
        handle(header.getShort(4), header.getShort(6), header.getInt(8), payload);
      }
    } catch (IOException | RuntimeException e) {
      end(e);
    }
  }

  private void fill(ByteBuffer target) throws IOException {
    while (target.hasRemaining()) {
      if (stream.read(target) < 0) {
        throw new EOFException("the guest is gone");
      }
    }
  }

  private void handle(int type, int streamNumber, int session, ByteBuffer payload)
      throws IOException {
    if (type == HELLO) {
      if (payload.getInt() != VERSION) {
        throw new IOException("the guest speaks another protocol version");
      }
      ready.complete(null);
      return;
    }
    if (type == FILE_CONTENT || type == ANSWER) {
      @Nullable CompletableFuture<byte[]> question = questions.get(session);
      if (question != null) {
        answer(question, type, payload);
      }
      return;
    }
    @Nullable GuestProcess process = processes.get(session);
    if (process == null) {
      return; // of a process that was given up
    }
    switch (type) {
      case STARTED -> process.onStarted(payload.getInt());
      // Forgotten last: a payload that makes no sense must still end it with the channel.
      case FAILED -> {
        process.onFailed(payload);
        processes.remove(session);
      }
      case OUTPUT -> process.onOutput(streamNumber, payload);
      case EXITED -> {
        process.onExited(payload.getInt());
        processes.remove(session);
      }
      case ACCEPTED -> process.onAccepted(payload.getInt());
      default -> throw new IOException("frame of unknown type " + type);
    }
  }

  private static void answer(CompletableFuture<byte[]> question, int type, ByteBuffer payload) {
    int errno = type == ANSWER ? payload.getInt() : 0;
    if (errno != 0) {
      question.completeExceptionally(
          new GuestFailure(GuestFailure.NO_STEP, errno, "the guest refused"));
    } else {
      question.complete(payload.array());
    }
  }

  private void end(Exception cause) {
    close();
    gone.complete(null);
    var failure = new GuestFailure(GuestFailure.NO_STEP, 0, String.valueOf(cause.getMessage()));
    ready.completeExceptionally(failure);
    processes.values().forEach(process -> process.onGone(failure));
    processes.clear();
    failQuestions();
  }

  private void failQuestions() {
    var failure = new GuestFailure(GuestFailure.NO_STEP, 0, "the guest is gone");
    questions.values().forEach(question -> question.completeExceptionally(failure));
    questions.clear();
  }

  @Override
  public void close() {
    writer.close();
  }
}
