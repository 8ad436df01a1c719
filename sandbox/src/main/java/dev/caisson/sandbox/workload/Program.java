/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The first process.
 *
 * @param arguments at least the command; without a slash it is looked up in the environment's PATH
 * @param environment in order; names without '=' or NUL, values without NUL
 * @param directory absolute; made if missing
 * @param stdin whether something may be written to it
 * @param stdinOnce whether standard input ends when the first attachment that wrote leaves
 * @param init whether a small first process of ours reaps orphans and forwards signals
 * @param umask 0 to 0777
 * @param oomScoreAdjustment -1000 to 1000. proc(5)
 */
public record Program(
    List<String> arguments,
    Map<String, String> environment,
    String directory,
    User user,
    boolean terminal,
    TerminalSize size,
    boolean stdin,
    boolean stdinOnce,
    boolean init,
    OptionalInt umask,
    OptionalInt oomScoreAdjustment,
    List<ResourceLimit> limits) {

  /** The size of a terminal in characters; 0 by 0 when unknown. */
  public record TerminalSize(int rows, int columns) {
    public static final TerminalSize UNKNOWN = new TerminalSize(0, 0);

    public TerminalSize {
      if ((rows | columns) < 0 || rows > 0xffff || columns > 0xffff) {
        throw SandboxException.invalid("terminal size", rows + " by " + columns);
      }
    }
  }

  // execve(2): MAX_ARG_STRLEN, 32 pages for one string including its NUL.
  private static final int LONGEST_STRING = 128 * 1024 - 1;

  public Program {
    arguments = List.copyOf(arguments);
    if (arguments.isEmpty() || arguments.getFirst().isEmpty()) {
      throw SandboxException.invalid("command", "is missing");
    }
    for (String argument : arguments) {
      checkLength("argument", argument);
    }
    environment = checkEnvironment(environment);
    Text.checkInnerPath("working directory", directory);
    if (umask.isPresent() && (umask.getAsInt() & ~0777) != 0) {
      throw SandboxException.invalid("umask", Integer.toOctalString(umask.getAsInt()));
    }
    if (oomScoreAdjustment.isPresent() && Math.abs(oomScoreAdjustment.getAsInt()) > 1000) {
      throw SandboxException.invalid(
          "OOM score adjustment " + oomScoreAdjustment.getAsInt(), "must be -1000 to 1000");
    }
    limits = List.copyOf(limits);
  }

  private static void checkLength(String subject, String value) {
    Text.checkNoNul(subject, value);
    if (value.length() > LONGEST_STRING) {
      throw SandboxException.invalid(
          subject, "is longer than the " + LONGEST_STRING + " bytes Linux takes");
    }
  }

  /** Checks an environment as the kernel and every libc will read it, and copies it in order. */
  public static Map<String, String> checkEnvironment(Map<String, String> environment) {
    environment.forEach((name, value) -> {
      if (name.isEmpty() || name.indexOf('=') >= 0) {
        throw SandboxException.invalid("environment variable \"" + name + "\"", "is not a name");
      }
      checkLength("environment variable " + name, name + "=" + value);
    });
    return Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }

  public static Builder of(String... arguments) {
    return new Builder(List.of(arguments));
  }

  public static Builder of(List<String> arguments) {
    return new Builder(arguments);
  }

  /** Collects a program; what is not set gets Docker's default. */
  public static final class Builder {
    private final List<String> arguments;
    private Map<String, String> environment =
        Map.of("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    private String directory = "/";
    private User user = User.ROOT;
    private boolean terminal;
    private TerminalSize size = TerminalSize.UNKNOWN;
    private boolean stdin;
    private boolean stdinOnce;
    private boolean init;
    private OptionalInt umask = OptionalInt.empty();
    private OptionalInt oomScoreAdjustment = OptionalInt.empty();
    private List<ResourceLimit> limits = List.of();

    private Builder(List<String> arguments) {
      this.arguments = arguments;
    }

    public Builder environment(Map<String, String> value) {
      environment = value;
      return this;
    }

    public Builder directory(String value) {
      directory = value;
      return this;
    }

    public Builder user(User value) {
      user = value;
      return this;
    }

    public Builder terminal(boolean value) {
      terminal = value;
      return this;
    }

    public Builder size(TerminalSize value) {
      size = value;
      return this;
    }

    public Builder stdin(boolean value) {
      stdin = value;
      return this;
    }

    public Builder stdinOnce(boolean value) {
      stdinOnce = value;
      return this;
    }

    public Builder init(boolean value) {
      init = value;
      return this;
    }

    public Builder umask(int value) {
      umask = OptionalInt.of(value);
      return this;
    }

    public Builder oomScoreAdjustment(int value) {
      oomScoreAdjustment = OptionalInt.of(value);
      return this;
    }

    public Builder limits(List<ResourceLimit> value) {
      limits = value;
      return this;
    }

    public Program build() {
      return new Program(
          arguments,
          environment,
          directory,
          user,
          terminal,
          size,
          stdin,
          stdinOnce,
          init,
          umask,
          oomScoreAdjustment,
          limits);
    }
  }

  /** The value of one variable. */
  public Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name));
  }
}
