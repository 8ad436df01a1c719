/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.ParameterException;

class MisreadTest {
  private final CommandTable table = new CommandTable();

  private Misread.Told told(String path, String... words) {
    var line = table.take(path);
    var refused = catchThrowableOfType(ParameterException.class, () -> line.parseArgs(words));
    return new Misread(line, List.of(words)).of(refused);
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "run, --hlep, --hlep, --help",
    "run, --rm --memroy 1m busybox true, --memroy, --memory",
    "run, --rm --memroy=1m busybox true, --memroy, --memory",
    "run, -it --nmae web busybox, --nmae, --name",
    "run, --frobnicate busybox, --frobnicate, ''",
    "run, -dZ busybox, -Z, ''",
    "build, --no-cachee ., --no-cachee, --no-cache",
    "ps, --fromat json, --fromat, --format"
  })
  void anUnknownOptionIsNamedWithWhatWasMeant(
      String path, String words, String option, String meant) {
    var told = told(path, words.split(" "));
    assertThat(told.message()).isEqualTo("unknown option '%s'".formatted(option));
    assertThat(told.remedy()).isEqualTo(meant);
    assertThat(told.missing()).isFalse();
  }

  @Test
  void theWordsOfAnotherProgramAreNotCalledUnknown() {
    assertThat(told("run", "--cpus", "abc", "busybox", "ls", "--nonsense").message())
        .isEqualTo("invalid --cpus 'abc': it must be a number");
    assertThat(told("run", "-e").message()).contains("--env");
  }

  @Test
  void valuesAreRefusedWithoutTheNamesOfOurClasses() {
    assertThat(told("completion", "fish").message())
        .isEqualTo("invalid bash|zsh 'fish': it must be one of bash, zsh");
    assertThat(told("run", "--cpu-shares", "many", "busybox").message())
        .isEqualTo("invalid --cpu-shares 'many': it must be a number");
  }

  @Test
  void aMissingArgumentIsOnlyMissing() {
    var told = told("run");
    assertThat(told.message()).contains("IMAGE");
    assertThat(told.missing()).isTrue();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "rnu busybox, run",
    "imgae ls, image ls",
    "image lss, image ls",
    "disk inof x, disk info",
    "netwrok craete n, network create",
    "contaner ls, container ls",
    "hlep, help",
    "frobnicate, ''"
  })
  void aCommandNobodyKnowsLeadsToTheNearest(String words, String meant) {
    assertThat(table.meant(List.of(words.split(" "))).orElse("")).isEqualTo(meant);
  }
}
