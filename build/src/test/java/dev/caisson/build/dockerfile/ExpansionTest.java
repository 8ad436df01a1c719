/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpansionTest {
  private static final Map<String, String> VARIABLES =
      Map.of("a", "one", "empty", "", "path", "/x/y/z.tar.gz");

  private static String expand(String word) {
    return Expansion.expand(word, '\\', name -> Optional.ofNullable(VARIABLES.get(name)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "$a|one",
        "${a}b|oneb",
        "\\$a|$a",
        "'$a'|$a",
        "\"$a b\"|one b",
        "${no:-x}|x",
        "${empty:-x}|x",
        "${a:-x}|one",
        "${a:+x}|x",
        "${path##*/}|z.tar.gz",
        "${path#*/}|x/y/z.tar.gz",
        "${path%.*}|/x/y/z.tar",
        "${path%%.*}|/x/y/z",
        "${path/x/q}|/q/y/z.tar.gz",
        "${path//z/q}|/x/y/q.tar.gq",
        "$|$",
        "a$.b|a$.b",
        "${no:-${a}}|one",
        "\"\\\"\"|\""
      })
  void expandsAsTheReferenceSays(String word, String expected) {
    assertThat(expand(word)).isEqualTo(expected);
  }

  @Test
  void unsetVariablesAreEmpty() {
    assertThat(expand("$no")).isEmpty();
    assertThat(expand("${no:+x}")).isEmpty();
    assertThat(expand("${empty-x}")).isEmpty();
  }

  @Test
  void whatIsNotClosedIsRefused() {
    assertThatThrownBy(() -> expand("${a")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> expand("${a:-x")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> expand("'a")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> expand("${no:?must be set}")).hasMessageContaining("must be set");
  }
}
