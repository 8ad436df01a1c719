/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.login.Logins;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command has: a caller and an engine. One object serves one call at a time. */
public abstract class EngineCommand implements Callable<Integer> {
  /** As docker, for what fails before anything of the user's runs in it. */
  public static final int FAILED = 1;

  static final int USAGE = 125;

  protected EngineCommand() {}

  @Option(names = "--help", usageHelp = true, description = "show this text")
  boolean help;

  private String path = "";
  private @Nullable Console caller;
  private @Nullable Engine speaker;

  /** Says for whom the next call is. */
  public void bind(Engine engine, Console console) {
    speaker = engine;
    caller = console;
  }

  /** Says for whom the next call is, of a command that needs no engine. */
  public void bind(Console console) {
    caller = console;
  }

  /** Says by which words the command is called, for its remedies. */
  public final void called(String words) {
    path = words;
  }

  /** Tells the caller what failed. */
  public final void tell(EngineException failure) {
    ErrorText.print(console().err(), failure, path);
  }

  protected final Console console() {
    return java.util.Objects.requireNonNull(caller, "bind comes before call");
  }

  protected final Engine engine() {
    return java.util.Objects.requireNonNull(speaker, "bind comes before call");
  }

  /** The caller's, not those of whoever runs the engine. */
  protected final Logins logins() {
    return Logins.of(console().environment());
  }

  protected final void print(String line) {
    console().out().println(line);
  }

  /** Does it for each; tells failures one by one and goes on. */
  protected final int each(List<String> references, Consumer<String> action) {
    int code = 0;
    for (var reference : references) {
      try {
        action.accept(reference);
        print(reference);
      } catch (EngineException e) {
        if (e.kind() == EngineException.Kind.NOT_MODIFIED) {
          print(reference);
          continue;
        }
        tell(e);
        code = FAILED;
      }
    }
    return code;
  }

  /** The exit code for words that the command does not understand; docker's is 125. */
  public int usageCode() {
    return USAGE;
  }

  @Override
  public abstract Integer call();
}
