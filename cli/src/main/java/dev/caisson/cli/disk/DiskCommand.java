/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.Json;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.nbd.NbdDisk;
import dev.caisson.disk.nbd.NbdOptions;
import dev.caisson.disk.nbd.NbdUri;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import picocli.CommandLine.Option;

/** What the disk commands share: paths as their caller sees them, errors, sizes, progress. */
abstract class DiskCommand extends EngineCommand {
  static final int FAILURE = 1;

  @Option(names = "--object", description = "secret,id=ID,data=PASSWORD or file=PATH")
  String[] objects = {};

  @Option(
      names = {"--format", "--output"},
      defaultValue = "human",
      description = "human or json")
  String output = "human";

  @Option(
      names = {"-q", "--quiet"},
      description = "print errors only")
  boolean quiet;

  /** Does it; a {@link DiskException} becomes one line and exit code 1. */
  abstract int run();

  @Override
  public final Integer call() {
    try {
      return run();
    } catch (DiskException told) {
      err().println("caisson: " + told.getMessage());
      return failureCode();
    }
  }

  int failureCode() {
    return FAILURE;
  }

  final PrintStream err() {
    return console().err();
  }

  final Path path(String name) {
    return console().directory().resolve(name);
  }

  /** The disk that the user named: a file, or somebody's NBD export. */
  final Disk open(String name, DiskOptions options) {
    return NbdUri.matches(name)
        ? NbdDisk.open(NbdUri.parse(name), NbdOptions.READ.withWritable(options.writable()))
        : DiskFiles.open(path(name), options);
  }

  final boolean json() {
    return output.equals("json");
  }

  final void say(String line) {
    if (!quiet) {
      print(line);
    }
  }

  final void tell(Object document) {
    print(Json.pretty(document));
  }

  static Optional<DiskFormat> format(String label) {
    if (label.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        DiskFormat.named(label)
            .orElseThrow(() ->
                new DiskException(
                    DiskException.Kind.UNSUPPORTED, "unknown disk format '" + label + "'")));
  }

  final DiskOptions reading(String label, boolean unlocked) {
    return withSecret(DiskOptions.READ.withFormat(format(label)).withUnlocked(unlocked));
  }

  final DiskOptions withSecret(DiskOptions options) {
    return Secrets.first(objects, console().directory()).map(options::withPassword).orElse(options);
  }

  /** A bar, if asked for and somebody looks. */
  final LongConsumer progress(boolean wanted, long total) {
    return wanted && !quiet ? new ProgressLine(console(), total) : done -> {};
  }

  static Map<String, Object> document(Object... namesAndValues) {
    Map<String, Object> fields = new java.util.LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return fields;
  }
}
