/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The id of an installation, in a file: a clone gets one of its own. What has none, or an empty
 * file as most images have it, stays as it is. machine-id(5)
 */
final class MachineId {
  private static final List<String> FILES = List.of("etc/machine-id", "var/lib/dbus/machine-id");
  private static final int DIGITS = 32;

  private MachineId() {}

  /** Answers which files below the root were changed. */
  static List<String> renew(Directory root) {
    byte[] bytes = new byte[DIGITS / 2];
    new SecureRandom().nextBytes(bytes);
    String id = HexFormat.of().formatHex(bytes);
    List<String> changed = new ArrayList<>();
    for (String file : FILES) {
      if (renew(root, file, id)) {
        changed.add(file);
      }
    }
    return changed;
  }

  private static boolean renew(Directory root, String path, String id) {
    Resolution[] inside = {Resolution.IN_ROOT, Resolution.NO_SYMLINKS};
    try (OpenFile file =
        OpenFile.of(root.openFile(path, inside, 0, OpenFlag.READ, OpenFlag.NON_BLOCKING))) {
      if (file.status().type() != FileType.REGULAR
          || file.status().size() > DIGITS + 1
          || !Files.readString(file.fd().path()).strip().matches("[0-9a-f]{" + DIGITS + "}")) {
        return false;
      }
    } catch (LinuxException e) {
      return false; // there is none
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try (OpenFile file = OpenFile.of(root.openFile(path, inside, 0, OpenFlag.WRITE));
        var out = FileChannel.open(file.fd().path(), StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap(id.getBytes(StandardCharsets.US_ASCII)), 0);
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
