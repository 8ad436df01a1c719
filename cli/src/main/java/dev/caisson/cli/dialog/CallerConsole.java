/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.dialog;

import dev.caisson.cli.console.Console;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.UnixSocket;
import java.io.BufferedOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** A caller at the other end of a front end's socket. */
final class CallerConsole implements Console, AutoCloseable {
  private static final int BUFFER = 8 << 10;

  private final UnixSocket socket;
  private final Request request;
  private final CallerInput input;
  private final PrintStream out;
  private final PrintStream err;
  private volatile Size size;
  private volatile @Nullable IntConsumer signalListener;
  private volatile @Nullable Consumer<Size> sizeListener;

  /**
   * @param files the caller's descriptors 0, 1 and 2; closed with this
   */
  CallerConsole(UnixSocket socket, Request request, List<Fd> files) {
    this.socket = socket;
    this.request = request;
    this.size = request.size();
    this.input = new CallerInput(credit -> tell(Frame.encode(Frame.CREDIT, credit)));
    files.get(0).close(); // the front end reads it for us
    this.out = stream(files.get(1));
    this.err = stream(files.get(2));
  }

  private static PrintStream stream(Fd fd) {
    return new PrintStream(
        new BufferedOutputStream(new CallerOutput(fd), BUFFER), false, StandardCharsets.UTF_8);
  }

  private void tell(byte[] frame) {
    try {
      synchronized (socket) {
        socket.sendFully(frame);
      }
    } catch (LinuxException e) {
      // The front end is gone; the thread that listens to it ends the command.
    }
  }

  /** Says that the request will be acted on; before that the front end may ask another engine. */
  void accept() {
    tell(Frame.encode(Frame.ACCEPTED, new byte[0]));
  }

  void exit(int code) {
    out.flush();
    err.flush();
    tell(Frame.encode(Frame.EXIT, code));
  }

  /** Hears a frame from the front end; false if it ends the command. */
  boolean hear(Frame frame) {
    switch (frame.kind()) {
      case Frame.INPUT -> {
        var bytes = new byte[frame.body().remaining()];
        frame.body().get(bytes);
        input.arrive(bytes);
      }
      case Frame.INPUT_END -> input.end();
      case Frame.SIZE -> resized(frame);
      case Frame.SIGNAL -> {
        return signalled(frame.body().getInt());
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  private void resized(Frame frame) {
    size = new Size(frame.body().getInt(), frame.body().getInt());
    var listener = sizeListener;
    if (listener != null) {
      listener.accept(size);
    }
  }

  private boolean signalled(int number) {
    var listener = signalListener;
    if (listener != null) {
      listener.accept(number);
      return true;
    }
    return number != 2 && number != 15 && number != 1;
  }

  void hangUp() {
    input.end();
  }

  @Override
  public InputStream in() {
    return input;
  }

  @Override
  public PrintStream out() {
    return out;
  }

  @Override
  public PrintStream err() {
    return err;
  }

  @Override
  public boolean isTerminal(int descriptor) {
    return (request.terminals() >> descriptor & 1) != 0;
  }

  @Override
  public Size size() {
    return size;
  }

  @Override
  public void raw(boolean on) {
    tell(Frame.encode(on ? Frame.RAW : Frame.COOKED, new byte[0]));
  }

  @Override
  public void onSignal(IntConsumer listener) {
    signalListener = listener;
  }

  @Override
  public void onResize(Consumer<Size> listener) {
    sizeListener = listener;
  }

  @Override
  public Map<String, String> environment() {
    return request.environment();
  }

  @Override
  public Path directory() {
    return request.directory();
  }

  @Override
  public void close() {
    out.close();
    err.close();
    socket.close();
  }
}
