/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TemplateTest {
  private static final Map<String, Object> DATA =
      Map.of(
          "Name", "web",
          "State", Map.of("Running", true, "ExitCode", 0),
          "Mounts", List.of(Map.of("Source", "/a"), Map.of("Source", "/b")),
          "Labels", Map.of("tier", "front"));

  private static String render(String template) {
    return Template.parse(template).render(DATA);
  }

  @Test
  void fieldsFunctionsAndBlocksWorkAsInDocker() {
    assertThat(render("{{.Name}}: {{.State.Running}}")).isEqualTo("web: true");
    assertThat(render("{{json .State.ExitCode}}")).isEqualTo("0");
    assertThat(render("{{upper .Name}}\\t{{len .Mounts}}")).isEqualTo("WEB\t2");
    assertThat(render("{{range .Mounts}}[{{.Source}}]{{end}}")).isEqualTo("[/a][/b]");
    assertThat(render("{{if .State.ExitCode}}bad{{else}}good{{end}}")).isEqualTo("good");
    assertThat(render("{{index .Labels \"tier\"}}")).isEqualTo("front");
  }

  @Test
  void whatIsNotUnderstoodIsSaid() {
    assertThatThrownBy(() -> render("{{.Nope}}")).hasMessageContaining("Nope");
    assertThatThrownBy(() -> render("{{frobnicate .Name}}")).hasMessageContaining("frobnicate");
    assertThatThrownBy(() -> render("{{range .Mounts}}")).hasMessageContaining("end");
    assertThatThrownBy(() -> render("{{.Name")).hasMessageContaining("unclosed");
  }
}
