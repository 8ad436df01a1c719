/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.host;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.HumanSize;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.option.ImageAndCommand;
import dev.caisson.cli.option.TableFormat;
import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Containers;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Output;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.ProcessSpec;
import dev.caisson.engine.view.InstanceInfo;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Runs the same image behind every wall this host has, and puts side by side what each costs. */
@Command(
    name = "compare",
    description = "Run an image in every isolation here, and compare",
    sortOptions = false)
final class CompareCommand extends EngineCommand {
  private static final int DIGITS_SHOWN = 12;

  @Mixin ImageAndCommand asked = new ImageAndCommand();

  @Mixin TableFormat format = new TableFormat();

  /**
   * One run.
   *
   * @param started nanoseconds from create to the first instruction of the program
   * @param ended nanoseconds from create to the exit
   * @param output digest of both streams
   */
  private record Result(long started, long ended, long disk, int code, String output) {}

  @Override
  public Integer call() {
    var table =
        new Table()
            .column("Isolation", "ISOLATION")
            .column("Started", "STARTED")
            .column("Ended", "ENDED")
            .column("Disk", "DISK")
            .column("ExitCode", "EXIT CODE")
            .column("Output", "OUTPUT")
            .column("Note", "NOTE");
    Optional<Result> first = Optional.empty();
    boolean same = true;
    for (var isolation : engine().host().info().isolations().entrySet()) {
      String note = isolation.getValue().orElse("");
      Optional<Result> result = Optional.empty();
      if (note.isEmpty()) {
        try {
          result = Optional.of(run(isolation.getKey()));
        } catch (EngineException e) {
          note = String.valueOf(e.getMessage());
          same = false;
        }
      }
      if (first.isPresent() && result.isPresent() && differ(first.get(), result.get())) {
        note = "differs from the first";
        same = false;
      }
      first = first.isPresent() ? first : result;
      table.row(row(isolation.getKey(), result, note));
    }
    table.print(console().out(), format.text);
    return same ? 0 : FAILED;
  }

  private static boolean differ(Result one, Result other) {
    return one.code() != other.code() || !one.output().equals(other.output());
  }

  private Map<String, Object> row(String isolation, Optional<Result> result, String note) {
    var row = new LinkedHashMap<String, Object>();
    row.put("Isolation", isolation);
    row.put("Started", result.map(run -> milliseconds(run.started())).orElse(""));
    row.put("Ended", result.map(run -> milliseconds(run.ended())).orElse(""));
    row.put("Disk", result.map(run -> HumanSize.binary(run.disk())).orElse(""));
    row.put("ExitCode", result.map(run -> String.valueOf(run.code())).orElse(""));
    row.put("Output", result.map(Result::output).orElse(""));
    row.put("Note", note);
    return row;
  }

  private static String milliseconds(long nanoseconds) {
    return Duration.ofNanos(nanoseconds).toMillis() + " ms";
  }

  private Result run(String isolation) {
    var spec = InstanceSpec.of(asked.image).isolation(isolation).process(process()).build();
    Containers containers = engine().containers();
    long begin = System.nanoTime();
    String id = containers.create(spec).id();
    try (var output = containers.attach(id, AttachOptions.output())) {
      var exit = containers.exit(id, WaitCondition.NEXT_EXIT);
      containers.start(id);
      long started = System.nanoTime() - begin;
      String digest = digest(output);
      int code = exit.join().code();
      long ended = System.nanoTime() - begin;
      long disk = containers.inspect(id, true).sizes().map(InstanceInfo.Sizes::writable).orElse(0L);
      return new Result(started, ended, disk, code, digest);
    } finally {
      containers.remove(id, true, true);
    }
  }

  private ProcessSpec process() {
    ProcessSpec base = ProcessSpec.ofImage();
    return asked.command.isEmpty() ? base : base.withCommand(asked.command);
  }

  /** The streams are told apart, but not how their pieces were interleaved. */
  private static String digest(dev.caisson.engine.Attachment output) {
    MessageDigest out = sha256();
    MessageDigest err = sha256();
    output.forEach(
        piece -> (piece.stream() == Output.Stream.STDERR ? err : out).update(piece.data()));
    out.update(HexFormat.of().formatHex(err.digest()).getBytes(StandardCharsets.US_ASCII));
    return HexFormat.of().formatHex(out.digest()).substring(0, DIGITS_SHOWN);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has it", e);
    }
  }
}
