/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** Names of users and groups as an image's {@code /etc/passwd} and {@code /etc/group} have them. */
final class Accounts {
  private static final int LIMIT = 1 << 20;
  private static final long MAXIMUM_ID = 0xffff_fffeL; // (uid_t) -1 means "no change" to chown(2)

  private final Map<String, Long> users = new HashMap<>();
  private final Map<String, Long> primaryGroups = new HashMap<>();
  private final Map<String, Long> groups = new HashMap<>();

  private Accounts() {}

  static Accounts none() {
    return new Accounts();
  }

  static Accounts read(Function<String, String> file) {
    Accounts accounts = new Accounts();
    for (String line : file.apply("/etc/passwd").lines().toList()) {
      String[] fields = line.split(":");
      if (fields.length >= 4 && isId(fields[2]) && isId(fields[3])) {
        accounts.users.putIfAbsent(fields[0], Long.parseLong(fields[2]));
        accounts.primaryGroups.putIfAbsent(fields[0], Long.parseLong(fields[3]));
      }
    }
    for (String line : file.apply("/etc/group").lines().toList()) {
      String[] fields = line.split(":");
      if (fields.length >= 3 && isId(fields[2])) {
        accounts.groups.putIfAbsent(fields[0], Long.parseLong(fields[2]));
      }
    }
    return accounts;
  }

  /** A file's text, empty when there is none. */
  static String fileOf(Engine engine, String container, String path) {
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    try {
      engine.containers().copyOut(container, path, tar);
      TarArchiveInputStream entries =
          new TarArchiveInputStream(new ByteArrayInputStream(tar.toByteArray()));
      return entries.getNextEntry() == null
          ? ""
          : new String(entries.readNBytes(LIMIT), StandardCharsets.UTF_8);
    } catch (EngineException missing) {
      return "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isId(String text) {
    return text.matches("\\d{1,10}") && Long.parseLong(text) <= MAXIMUM_ID;
  }

  long user(String nameOrId) {
    return find(users, nameOrId, "user");
  }

  long group(String nameOrId) {
    return find(groups, nameOrId, "group");
  }

  /** The group of {@code --chown=user}: that of the account, or the same number. */
  long primaryGroup(String name, long user) {
    return primaryGroups.getOrDefault(name, user);
  }

  private static long find(Map<String, Long> names, String nameOrId, String what) {
    Long id = names.get(nameOrId);
    if (id != null) {
      return id;
    }
    if (isId(nameOrId)) {
      return Long.parseLong(nameOrId);
    }
    throw new BuildException(
        "unable to convert " + what + " '" + nameOrId + "': the image has no such " + what);
  }
}
