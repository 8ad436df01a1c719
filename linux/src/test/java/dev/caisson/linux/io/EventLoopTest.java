/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventLoopTest {
  /** Seconds to wait for what must happen; a loaded machine may let the loop wait for long. */
  private static final int PATIENCE = 60;

  private final EventLoop loop = EventLoop.start("test-loop");

  @AfterEach
  void stop() {
    loop.close();
  }

  @Test
  void callsBackWhenReadableAndTellsTheEnd() throws Exception {
    BlockingQueue<Integer> counts = new LinkedBlockingQueue<>();
    try (Pipe pipe = Pipe.open()) {
      Channel reader = new Channel(pipe.reader()).nonBlocking();
      var watch = new EventLoop.Watch[1];
      var ready = new CountDownLatch(1);
      watch[0] =
          loop.whenReadable(
              pipe.reader(),
              () -> {
                int count = reader.read(new byte[10]).orElse(0);
                counts.add(count);
                if (count < 0) {
                  watch[0].close();
                  ready.countDown();
                }
              });
      new Channel(pipe.writer()).writeFully(new byte[4]);
      assertThat(counts.poll(PATIENCE, TimeUnit.SECONDS)).isEqualTo(4);
      pipe.writer().close();
      assertThat(counts.poll(PATIENCE, TimeUnit.SECONDS)).isEqualTo(-1);
      assertThat(ready.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void callsBackOnceAndLetsTheCallbackClose() throws Exception {
    var calls = new CopyOnWriteArrayList<String>();
    var closed = new CountDownLatch(1);
    Pipe pipe = Pipe.open();
    loop.onceReadable(
        pipe.reader(),
        () -> {
          calls.add("readable");
          pipe.close();
          closed.countDown();
        });
    new Channel(pipe.writer()).writeFully(new byte[4]);
    assertThat(closed.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
    try (Pipe left = Pipe.open()) {
      loop.onceReadable(left.reader(), () -> calls.add("left unread"));
      new Channel(left.writer()).writeFully(new byte[1]);
      var later = new CountDownLatch(1);
      loop.after(Duration.ofMillis(30), later::countDown);
      assertThat(later.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
      assertThat(calls).containsExactly("readable", "left unread");
    }
  }

  @Test
  void timersFireInOrderUnlessCalledOff() throws Exception {
    List<String> fired = new CopyOnWriteArrayList<>();
    var done = new CountDownLatch(1);
    loop.after(Duration.ofMillis(30), done::countDown);
    loop.after(Duration.ofMillis(20), () -> fired.add("second"));
    loop.after(Duration.ofMillis(1), () -> fired.add("first"));
    // On the loop's own thread, so that it cannot fire before it is called off.
    loop.execute(() -> loop.after(Duration.ofMillis(10), () -> fired.add("never")).close());
    assertThat(done.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
    assertThat(fired).containsExactly("first", "second");
  }

  @Test
  void callbackThatThrowsDoesNotStopTheLoop() throws Exception {
    var alive = new CountDownLatch(1);
    loop.execute(() -> {
      throw new IllegalStateException("on purpose");
    });
    loop.execute(alive::countDown);
    assertThat(alive.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
  }
}
