/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Devices beyond the harmless ones every workload has (null, zero, full, random, urandom, tty).
 *
 * @param rules which device numbers may be used, even where no node is given
 */
public record Devices(List<Device> devices, List<Rule> rules) {
  public static final Devices NONE = new Devices(List.of(), List.of());

  public Devices {
    devices = List.copyOf(devices);
    rules = List.copyOf(rules);
  }

  private static final Pattern PERMISSIONS = Pattern.compile("[rwm]{1,3}");

  /**
   * A device node of the host.
   *
   * @param source on the host
   * @param target inside
   * @param permissions of "rwm": read, write, make nodes
   */
  public record Device(Path source, String target, String permissions) {
    public Device {
      Text.checkInnerPath("device target", target);
      checkPermissions(permissions);
    }
  }

  /** Which nodes a rule is about. */
  public enum Type {
    ALL('a'),
    CHARACTER('c'),
    BLOCK('b');

    private final char letter;

    Type(char letter) {
      this.letter = letter;
    }

    public char letter() {
      return letter;
    }
  }

  /**
   * A permission by number.
   *
   * @param major or -1 for any
   * @param minor or -1 for any
   */
  public record Rule(Type type, int major, int minor, String permissions) {
    private static final Pattern FORM =
        Pattern.compile("([acb]) ([0-9]{1,9}|\\*):([0-9]{1,9}|\\*) ([rwm]{1,3})");

    public Rule {
      checkPermissions(permissions);
    }

    /** Reads Docker's form, such as {@code c 1:3 rwm}. */
    public static Rule parse(String text) {
      var match = FORM.matcher(text);
      if (!match.matches()) {
        throw SandboxException.invalid("device rule \"" + text + "\"", "is not like \"c 1:3 rwm\"");
      }
      Type type =
          switch (match.group(1)) {
            case "a" -> Type.ALL;
            case "c" -> Type.CHARACTER;
            default -> Type.BLOCK;
          };
      return new Rule(type, number(match.group(2)), number(match.group(3)), match.group(4));
    }

    private static int number(String text) {
      return text.equals("*") ? -1 : Integer.parseInt(text);
    }
  }

  private static void checkPermissions(String permissions) {
    if (!PERMISSIONS.matcher(permissions).matches()) {
      throw SandboxException.invalid(
          "device permissions \"" + permissions + "\"", "must be of r, w, m");
    }
  }
}
