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
  void variablesPipesAndBracketsWorkAsInGo() {
    assertThat(render("{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}} {{$.Name}};{{end}}"))
        .isEqualTo("0=/a web;1=/b web;");
    assertThat(render("{{range $k, $v := .Labels}}{{$k}}:{{$v}}{{else}}none{{end}}"))
        .isEqualTo("tier:front");
    assertThat(render("{{(index .Mounts 1).Source}}{{with .Name}} {{.}}{{end}}"))
        .isEqualTo("/b web");
    assertThat(render("{{.Name | upper | printf \"%s-%s\" \"x\" }}")).isEqualTo("x-WEB");
    assertThat(render("{{$n := len .Mounts}}{{if gt $n 1}}many{{else if eq $n 1}}one{{end}}"))
        .isEqualTo("many");
    assertThat(render("a {{- /* said of nobody */ -}} b{{if and .Name (not false)}} c{{end}}"))
        .isEqualTo("ab c");
    assertThat(
            render(
                "{{.Labels.none}} {{.Labels}} {{.Mounts | len}} {{join (split \"a,b\" \",\") \"/\"}}"))
        .isEqualTo("<no value> map[tier:front] 2 a/b");
    assertThat(render("{{eq .Name \"db\" \"web\"}} {{slice .Name 1 3}} {{print \"}}\"}}"))
        .isEqualTo("true eb }}");
  }

  @Test
  void whatIsNotUnderstoodIsSaid() {
    assertThatThrownBy(() -> render("{{.Nope}}")).hasMessageContaining("Nope");
    assertThatThrownBy(() -> render("{{frobnicate .Name}}")).hasMessageContaining("frobnicate");
    assertThatThrownBy(() -> render("{{range .Mounts}}")).hasMessageContaining("end");
    assertThatThrownBy(() -> render("{{.Name")).hasMessageContaining("unclosed");
    assertThatThrownBy(() -> render("{{index .Mounts 7}}")).isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> render("{{lt .Name 3}}")).isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> render("{{$x}}")).hasMessageContaining("$x");
    assertThatThrownBy(() -> render("{{" + "(".repeat(100_000) + "}}"))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void noTemplateIsWorseThanRefused() {
    var random = new java.util.Random(3);
    var pieces =
        List.of(
            "{{", "}}", ".Name", "range", "if", "end", "else", "$x", ":=", ",", "|", "(", ")", "\"",
            " ", "-", "len", "index", "json", "7", ".", "printf", "%", "with", "`");
    for (int i = 0; i < 50_000; i++) {
      var text = new StringBuilder();
      for (int j = random.nextInt(12); j >= 0; j--) {
        text.append(pieces.get(random.nextInt(pieces.size())));
      }
      try {
        Template.parse(text.toString()).render(DATA);
      } catch (TemplateException refused) {
        assertThat(refused).hasMessageContaining("templat");
      }
    }
  }
}
