/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

class HelpTest {
  private final CommandTable table = new CommandTable();

  @TestFactory
  Iterable<DynamicTest> everyArgumentSaysWhatItIs() {
    var tests = new ArrayList<DynamicTest>();
    for (var path : table.paths()) {
      tests.add(DynamicTest.dynamicTest(path, () -> check(path, table.take(path))));
    }
    return tests;
  }

  private static void check(String path, CommandLine line) {
    CommandSpec spec = line.getCommandSpec();
    assertThat(spec.usageMessage().description()).isNotEmpty();
    for (ArgSpec argument : spec.args()) {
      assertThat(argument.hidden() || argument.description().length > 0)
          .as("a description of " + argument)
          .isTrue();
    }
    if (!path.startsWith("disk ")) { // those speak qemu-img's language, which has no labels
      assertThat(line.getUsageMessage()).doesNotContainPattern("=<[a-z]");
    }
    assertThat(line.getUsageMessage().lines()).allMatch(text -> text.length() <= 80);
  }

  @Test
  void theHelpOfAGroupListsItsCommands() {
    assertThat(new HelpPage(table).of("network").orElseThrow())
        .contains("network create", "network prune")
        .doesNotContain("volume");
    assertThat(new HelpPage(table).of("nothing")).isEmpty();
    assertThat(new HelpPage(table).of("")).isEmpty();
  }

  @Test
  void theWholeHelpListsEveryCommandOnce() {
    var lines = new HelpPage(table).all().lines().toList();
    var expected = new ArrayList<>(table.groups());
    table.paths().stream()
        .filter(path -> !path.contains(" ") && !path.startsWith(CompletionCommands.HIDDEN))
        .forEach(expected::add);
    for (var name : expected) {
      assertThat(lines).filteredOn(line -> line.startsWith("  " + name + " ")).hasSize(1);
    }
    assertThat(lines).allMatch(line -> line.length() <= 80);
    assertThat(lines)
        .as("every group says what it is about")
        .noneMatch(line -> line.matches("  \\S+ *"));
  }
}
