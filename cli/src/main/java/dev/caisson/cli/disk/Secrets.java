/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.cli.console.Console;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.Passphrases;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The passphrases of one command: qemu-img's {@code --object secret,...}, ours from files,
 * descriptors and the environment, and what a person types when nothing was given.
 */
final class Secrets {
  private final Console console;
  private final Map<String, byte[]> named = new LinkedHashMap<>();
  private final List<byte[]> unnamed = new ArrayList<>();

  Secrets(Console console, String[] objects, KeyOptions keys) {
    this.console = console;
    for (String object : objects) {
      if (!object.startsWith("secret,")) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "--object '%s'; have secret,id=ID,file=FILE".formatted(object.replaceFirst(",.*", "")));
      }
      var fields = KeyValueList.parse(object.substring("secret,".length()));
      named.put(fields.getOrDefault("id", ""), secret(fields));
    }
    unnamed.addAll(keys.read(console));
  }

  private byte[] secret(Map<String, String> fields) {
    if (fields.containsKey("keyid")) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "secrets encrypted by another secret (keyid=) are not read; give file=FILE");
    }
    String data = fields.get("data");
    String file = fields.get("file");
    if ((data == null) == (file == null)) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, "a secret needs file=FILE (or data=, which others see)");
    }
    if (data != null) {
      console
          .err()
          .println(
              "caisson: a passphrase on the command line is seen by every user of this host; use file=FILE");
    }
    byte[] raw = data != null ? data.getBytes(UTF_8) : KeyOptions.contents(console, file);
    return switch (fields.getOrDefault("format", "raw")) {
      case "raw" -> raw;
      case "base64" -> decoded(raw);
      default ->
          throw new DiskException(
              DiskException.Kind.UNSUPPORTED,
              "secret format '%s'; have raw and base64".formatted(fields.get("format")));
    };
  }

  private static byte[] decoded(byte[] text) {
    try {
      return Base64.getMimeDecoder().decode(text);
    } catch (IllegalArgumentException bad) {
      throw new DiskException(
          DiskException.Kind.SECRET,
          "a secret said to be base64 is none: " + bad.getMessage(),
          bad);
    }
  }

  /**
   * The secret of this id.
   *
   * @throws DiskException MISSING
   */
  byte[] named(String id) {
    byte[] found = named.get(id);
    if (found == null) {
      throw new DiskException(
          DiskException.Kind.MISSING,
          "no secret with id '%s'; give --object secret,id=%s,file=FILE".formatted(id, id));
    }
    return found;
  }

  /** All that was given. */
  Passphrases given() {
    return disk -> {
      List<byte[]> all = new ArrayList<>(unnamed);
      all.addAll(named.values());
      return all;
    };
  }

  /** All that was given; a person is asked only if it is nothing. */
  Passphrases passphrases() {
    return disk -> {
      List<byte[]> all = given().of(disk);
      if (all.isEmpty()) {
        all.add(
            PassphrasePrompt.ask(console, "Passphrase of %s: ".formatted(disk))
                .orElseThrow(() ->
                    new DiskException(
                        DiskException.Kind.SECRET,
                        disk
                            + ": is encrypted; give its passphrase with --key-file FILE, --key-env or --key-fd")));
      }
      return all;
    };
  }

  /**
   * The passphrase that a new disk or key slot gets.
   *
   * @throws DiskException SECRET if there is none, and nobody to ask
   */
  byte[] fresh(KeyOptions fresh, String disk) {
    var given = fresh.read(console);
    if (!given.isEmpty()) {
      return given.getLast();
    }
    if (!unnamed.isEmpty()) {
      return unnamed.getLast();
    }
    return PassphrasePrompt.askTwice(console, disk);
  }
}
