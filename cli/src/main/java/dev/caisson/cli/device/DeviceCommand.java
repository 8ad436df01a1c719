/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.device;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.words.Spoken;
import dev.caisson.cli.words.Words;
import dev.caisson.cli.words.WordsException;
import dev.caisson.disk.DiskException;
import dev.caisson.linux.LinuxException;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.vhost.VhostUserServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A device of ours on a vhost-user socket, until the caller interrupts it. */
abstract class DeviceCommand extends EngineCommand implements Spoken {
  private static final int LONGEST_SOCKET = 107; // bytes, unix(7)

  private final List<AutoCloseable> lent = new ArrayList<>();

  /** Declares what this command takes, onto its own fields. */
  abstract void declare(Words words);

  /** Makes the devices and gives each to {@link #lend}. */
  abstract void lendAll();

  @Override
  public final Words words() {
    var words = new Words();
    declare(words);
    return words;
  }

  @Override
  public final Integer call() {
    var interrupted = new CountDownLatch(1);
    console().onSignal(signal -> interrupted.countDown());
    try {
      lendAll();
      console().out().flush();
      interrupted.await();
    } catch (InterruptedException ended) {
      return 0; // by the engine, whose thread this is then
    } catch (VirtioException
        | LinuxException
        | DiskException
        | WordsException
        | IllegalArgumentException
        | UncheckedIOException told) {
      console().err().println("caisson: " + told.getMessage());
      return FAILED;
    } finally {
      giveBack();
    }
    return 0;
  }

  private void giveBack() {
    for (AutoCloseable one : lent.reversed()) {
      try {
        one.close();
      } catch (Exception e) {
        console().err().println("caisson: " + e.getMessage());
      }
    }
  }

  /** Lends {@code device} at {@code socket}, and says so as "{@code what} at {@code socket}". */
  final void lend(String what, VirtioDevice device, String socket) {
    Path path = path(socket);
    if (socket.isEmpty()
        || path.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_SOCKET) {
      device.close();
      throw new IllegalArgumentException(
          socket.isEmpty()
              ? "say where to listen: --socket FILE"
              : "%s: a socket's path has at most %d bytes".formatted(path, LONGEST_SOCKET));
    }
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !isSocket(path)) {
      device.close();
      throw new IllegalArgumentException(path + " is there, and is no socket; choose another path");
    }
    keep(new VhostUserServer(path, device));
    print("%s at %s".formatted(what, path));
  }

  private static boolean isSocket(Path path) {
    try {
      int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
      return (mode & 0170000) == 0140000;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Closes it when the command ends; the last first. */
  final void keep(AutoCloseable one) {
    lent.add(one);
  }

  final Path path(String name) {
    return console().directory().resolve(name);
  }
}
