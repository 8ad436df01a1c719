/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.cgroup;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.Channel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** One control group as a directory, its files read and written whole, errors with their errno. */
public record CgroupDirectory(Path path) {

  /** Makes the directory, and those above it, unless they exist. */
  public CgroupDirectory create() {
    try {
      Files.createDirectories(path);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a control file in one write(2), as the kernel wants it. */
  public void write(String file, String value) {
    try (Channel channel = new Channel(Directory.openFile(path.resolve(file), 0, OpenFlag.WRITE))) {
      channel.writeFully((value + "\n").getBytes(StandardCharsets.US_ASCII));
    } catch (LinuxException e) {
      throw new LinuxException("write", path.resolve(file) + " = " + value, e.errno());
    }
  }

  /** The content of a control file without its last newline; empty if there is no such file. */
  public Optional<String> read(String file) {
    try {
      return Optional.of(Files.readString(path.resolve(file)).stripTrailing());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The value of one line {@code key value} in a file such as memory.stat. */
  public Optional<String> read(String file, String key) {
    return read(file).stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith(key + " "))
        .map(line -> line.substring(key.length() + 1))
        .findFirst();
  }

  public boolean exists() {
    return Files.isDirectory(path);
  }

  /** Numbers of the processes in it, of this level only. */
  public List<Integer> processes() {
    return read("cgroup.procs").stream().flatMap(String::lines).map(Integer::valueOf).toList();
  }

  /** Moves a whole process in. */
  public void add(int pid) {
    write("cgroup.procs", Integer.toString(pid));
  }

  /**
   * Removes it if nobody is in it any more.
   *
   * @return false while a process or a group below remains
   */
  public boolean remove() {
    Path parent = path.getParent();
    Path name = path.getFileName();
    if (parent == null || name == null) {
      throw new IllegalArgumentException("cannot remove the root group");
    }
    if (!Files.isDirectory(parent)) {
      return true;
    }
    try (Directory above = Directory.open(parent)) {
      above.removeDirectory(name.toString());
      return true;
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return true;
      }
      if (e.is(Errno.EBUSY) || e.is(Errno.ENOTEMPTY)) {
        return false;
      }
      throw e;
    }
  }

  /** Opens the directory, for clone3(2) with CLONE_INTO_CGROUP or to watch its files. */
  public Fd open() {
    return Directory.openFile(path, 0, OpenFlag.READ, OpenFlag.DIRECTORY);
  }
}
