/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.words;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
  private final List<String> heard = new ArrayList<>();
  private final Words words = new Words();

  WordsTest() {
    words.value("FORMAT", "the format", value -> heard.add("f=" + value), "-f", "--format");
    words.flag("show progress", () -> heard.add("p"), "-p", "--progress");
    words.flag("quiet", () -> heard.add("q"), "-q");
    words.number("NUMBER", "how many", value -> heard.add("c=" + value), "-c");
    words.choice("leaks|all", "all", "what", value -> heard.add("r=" + value), "-r", "--repair");
    words.hidden("no help shows it", () -> heard.add("h"), "--hidden");
    words.argument("FILE", "a disk", value -> heard.add("FILE " + value));
    words.optionalArgument("SIZE", "its size", value -> heard.add("SIZE " + value));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "x, FILE x",
    "-f raw x, f=raw;FILE x",
    "-fraw x, f=raw;FILE x",
    "-f=raw x, f=raw;FILE x",
    "--format=raw x, f=raw;FILE x",
    "--format raw x, f=raw;FILE x",
    "--format= x, f=;FILE x",
    "x -p, p;FILE x",
    "-pqfraw x, p;q;f=raw;FILE x",
    "-f -p x, f=-p;FILE x",
    "x -4M, FILE x;SIZE -4M",
    "x - , FILE x;SIZE -",
    "-- -p, FILE -p",
    "-r x, r=all;FILE x",
    "-r leaks x, r=leaks;FILE x",
    "-rleaks x, r=leaks;FILE x",
    "--repair=all x, r=all;FILE x",
    "--repair x, r=all;FILE x",
    "-c 3 --hidden x 1G, c=3;h;FILE x;SIZE 1G"
  })
  void wordsAreReadAsGetoptReadsThem(String line, String expected) {
    assertThat(words.read(List.of(line.split(" ")))).isTrue();
    assertThat(heard).containsExactly(expected.split(";"));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "--formta raw x, unknown option '--formta', --format",
    "--nonsense x, unknown option '--nonsense', ''",
    "-z x, unknown option '-z', ''",
    "-pz x, unknown option '-z', ''",
    "--hidde x, unknown option '--hidde', ''",
    "-c many x, '-c takes a number, not ''many''', ''",
    "-c, '-c lacks its value, NUMBER', ''",
    "--progress=yes x, --progress takes no value: '--progress=yes', --progress",
    "-p, 'lacks an argument, FILE', ''",
    "x 1G more, takes no further argument: 'more', ''"
  })
  void whatIsWrongIsNamed(String line, String told, String remedy) {
    assertThatThrownBy(() -> words.read(List.of(line.split(" "))))
        .isInstanceOfSatisfying(
            WordsException.class,
            wrong -> {
              assertThat(wrong).hasMessage(told.replace("''", "'"));
              assertThat(wrong.remedy()).isEqualTo(remedy);
            });
  }

  @Test
  void helpNeedsNothingElse() {
    assertThat(words.read(List.of("--help"))).isFalse();
  }
}
