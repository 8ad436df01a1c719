/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TableTest {
  private static String print(String format) {
    var bytes = new ByteArrayOutputStream();
    new Table()
        .column("ID", "IMAGE ID")
        .column("Tag", "TAG")
        .row(Map.of("ID", "abc", "Tag", "latest"))
        .row(Map.of("ID", "a-longer-one", "Tag", "1"))
        .print(new PrintStream(bytes, true, StandardCharsets.UTF_8), format);
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void columnsAreAligned() {
    assertThat(print(""))
        .isEqualTo("IMAGE ID       TAG\nabc            latest\na-longer-one   1\n");
  }

  @Test
  void templatesAndJsonReplaceTheTable() {
    assertThat(print("{{.Tag}}")).isEqualTo("latest\n1\n");
    assertThat(print("table {{.Tag}}\\t{{.ID}}"))
        .isEqualTo("TAG       IMAGE ID\nlatest    abc\n1         a-longer-one\n");
    assertThat(print("json").lines().count()).isEqualTo(2);
  }

  @Test
  void controlCharactersDoNotReachTheTerminalThroughJson() {
    assertThat(Json.compact(Map.of("n", "\u001b[31m\"\n")))
        .isEqualTo("{\"n\":\"\\u001b[31m\\\"\\n\"}");
  }

  @Test
  void sizesAreShownAsDockerShowsThem() {
    assertThat(HumanSize.decimal(4_260_000)).isEqualTo("4.26MB");
    assertThat(HumanSize.decimal(999)).isEqualTo("999B");
    assertThat(HumanSize.binary(64 << 20)).isEqualTo("64MiB");
  }
}
