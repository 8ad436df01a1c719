/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.console.Console;
import dev.caisson.cli.format.HumanSize;
import dev.caisson.cli.format.Table;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Feed;
import dev.caisson.engine.view.Stats;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Samples of several containers as a table, drawn anew each second. */
record StatsScreen(
    Console console,
    Engine engine,
    List<String> names,
    boolean once,
    boolean whole,
    String format) {
  int run() {
    var feeds = new ArrayList<Feed<Stats>>();
    try {
      names.forEach(name -> feeds.add(engine.containers().statsFeed(name)));
      // A rate takes two samples.
      samples(feeds);
      do {
        var samples = samples(feeds);
        if (samples.isEmpty() && !names.isEmpty()) {
          return 0;
        }
        draw(samples);
      } while (!once && !names.isEmpty() && !Thread.currentThread().isInterrupted());
      return 0;
    } finally {
      feeds.forEach(Feed::close);
    }
  }

  private static List<Stats> samples(List<Feed<Stats>> feeds) {
    var samples = new ArrayList<Stats>();
    for (var feed : feeds) {
      try {
        feed.next().ifPresent(samples::add);
      } catch (EngineException e) {
        // It stopped between two samples.
      }
    }
    return samples;
  }

  private void draw(List<Stats> samples) {
    if (!once && console.isTerminal(1)) {
      console.out().print("\u001b[H\u001b[J");
    }
    var table =
        new Table()
            .column("ID", "CONTAINER ID")
            .column("Name", "NAME")
            .column("CPUPerc", "CPU %")
            .column("MemUsage", "MEM USAGE / LIMIT")
            .column("MemPerc", "MEM %")
            .column("NetIO", "NET I/O")
            .column("BlockIO", "BLOCK I/O")
            .column("PIDs", "PIDS");
    samples.forEach(sample -> table.row(row(sample)));
    table.print(console.out(), format);
    console.out().flush();
  }

  private Map<String, Object> row(Stats stats) {
    long received = stats.networks().values().stream().mapToLong(Stats.Network::rxBytes).sum();
    long sent = stats.networks().values().stream().mapToLong(Stats.Network::txBytes).sum();
    var row = new LinkedHashMap<String, Object>();
    row.put("BlockIO", bytes(stats, "read") + " / " + bytes(stats, "write"));
    row.put("CPUPerc", percent(stats.cpuPercent()));
    row.put("Container", stats.id());
    row.put("ID", whole ? stats.id() : stats.id().substring(0, 12));
    row.put(
        "MemPerc", percent(100.0 * stats.memory().usage() / Math.max(1, stats.memory().limit())));
    row.put(
        "MemUsage",
        HumanSize.binary(stats.memory().usage())
            + " / "
            + HumanSize.binary(stats.memory().limit()));
    row.put("Name", stats.name());
    row.put("NetIO", HumanSize.decimal(received) + " / " + HumanSize.decimal(sent));
    row.put("PIDs", stats.pids().current());
    return row;
  }

  private static String bytes(Stats stats, String operation) {
    return HumanSize.decimal(
        stats.blockIo().stream()
            .filter(moved -> moved.operation().equals(operation))
            .mapToLong(Stats.BlockIo::bytes)
            .sum());
  }

  private static String percent(double value) {
    return String.format(Locale.ROOT, "%.2f%%", value);
  }
}
