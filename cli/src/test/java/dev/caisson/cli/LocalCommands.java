/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.cli.table.CommandRunner;
import dev.caisson.cli.table.CommandTable;
import dev.caisson.engine.Engine;
import dev.caisson.engine.Filters;
import dev.caisson.engine.ProgressListener;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The command line of an engine in this process, in a place of its own. */
final class LocalCommands implements AutoCloseable {
  final TestPlace place;
  Engine engine;

  private LocalCommands(TestPlace place, Engine engine) {
    this.place = place;
    this.engine = engine;
  }

  /** What a command said and how it ended. */
  record Result(int code, String out, String err) {}

  /** With the image {@code busybox}; the test is skipped where that cannot be made. */
  static LocalCommands withBusybox() throws Exception {
    var place = TestPlace.make();
    var engine = Engine.open(place.options());
    engine.images().buildBase("busybox", Optional.empty(), ProgressListener.SILENT);
    return new LocalCommands(place, engine);
  }

  Result run(String... words) {
    return runWith("", words);
  }

  /**
   * @param input what the command finds on its standard input
   */
  Result runWith(String input, String... words) {
    return runAs(Map.of(), input, words);
  }

  /**
   * @param environment the caller's
   */
  Result runAs(Map<String, String> environment, String input, String... words) {
    var console = new MemoryConsole(input, place.directory(), environment);
    int code = new CommandRunner(engine, new CommandTable()).run(List.of(words), console);
    return new Result(code, console.outText(), console.errText());
  }

  /** Has another engine take the place over. */
  void reopen() {
    engine.close();
    engine = Engine.open(place.options());
  }

  /** Removes every container and all that is left of the engine. */
  @Override
  public void close() throws IOException {
    for (var left : engine.containers().list(true, 0, false, Filters.none())) {
      engine.containers().remove(left.id(), true, true);
    }
    engine.close();
    place.close();
  }
}
