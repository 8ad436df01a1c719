/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DockerfileTest {
  @Test
  void stagesCarryTheirNamesAndInstructions() {
    Dockerfile file =
        Dockerfile.parse(
            """
            ARG BASE=busybox
            FROM --platform=linux/amd64 ${BASE} AS Builder
            RUN echo \\
              # a comment inside a continuation
              hello
            FROM scratch
            COPY --from=builder --chown=1:2 /a /b /to/
            CMD ["/bin/x", "y"]
            """);
    assertThat(file.globals()).hasSize(1);
    assertThat(file.stages()).extracting(Stage::name).containsExactly("builder", "1");
    assertThat(file.stages().getFirst().instructions())
        .containsExactly(
            new Instruction.Run(3, new Command.Shell("echo   hello"), List.of(), List.of()));
    Instruction.Copy copy = (Instruction.Copy) file.stages().get(1).instructions().getFirst();
    assertThat(copy.sources()).containsExactly("/a", "/b");
    assertThat(copy.flag("from")).contains("builder");
    assertThat(copy.flag("chown")).contains("1:2");
    assertThat(file.stage("BUILDER")).contains(file.stages().getFirst());
  }

  @Test
  void theEscapeDirectiveChangesContinuations() {
    Dockerfile file = Dockerfile.parse("# escape=`\nFROM a\nRUN dir C:\\ `\n more\n");
    assertThat(file.stages().getFirst().instructions())
        .containsExactly(
            new Instruction.Run(3, new Command.Shell("dir C:\\  more"), List.of(), List.of()));
  }

  @Test
  void heredocsBelongToTheirInstruction() {
    Dockerfile file =
        Dockerfile.parse(
            "FROM a\nRUN <<EOF\necho $x\nEOF\nCOPY <<-'A' <<B /d/\n\tone\n\tA\ntwo\nB\nUSER me\n");
    List<Instruction> all = file.stages().getFirst().instructions();
    assertThat(((Instruction.Run) all.get(0)).heredocs())
        .containsExactly(new Heredoc("EOF", "echo $x\n", true));
    assertThat(((Instruction.Copy) all.get(1)).heredocs())
        .containsExactly(new Heredoc("A", "one\n", false), new Heredoc("B", "two\n", true));
    assertThat(all.get(2)).isEqualTo(new Instruction.User(10, "me"));
  }

  @Test
  void environmentTakesBothForms() {
    List<Instruction> all =
        Dockerfile.parse("FROM a\nENV A=1 B=\"two words\"\nENV C the rest of it\n")
            .stages()
            .getFirst()
            .instructions();
    assertThat(((Instruction.Env) all.get(0)).variables())
        .extracting(Instruction.Variable::name)
        .containsExactly("A", "B");
    assertThat(((Instruction.Env) all.get(1)).variables())
        .containsExactly(new Instruction.Variable("C", Optional.of("the rest of it")));
  }

  @Test
  void mistakesNameTheirLine() {
    assertThatThrownBy(() -> Dockerfile.parse("RUN x"))
        .hasMessageContaining("line 1")
        .hasMessageContaining("FROM");
    assertThatThrownBy(() -> Dockerfile.parse("FROM a\nFORM b"))
        .hasMessageContaining("line 2")
        .hasMessageContaining("FORM");
    assertThatThrownBy(() -> Dockerfile.parse("FROM a\nCOPY x")).hasMessageContaining("source");
    assertThatThrownBy(() -> Dockerfile.parse("FROM a\nCOPY --form=b x y"))
        .hasMessageContaining("--form");
    assertThatThrownBy(() -> Dockerfile.parse("FROM a\nRUN <<E\nx"))
        .hasMessageContaining("never closed");
    assertThatThrownBy(() -> Dockerfile.parse("")).hasMessageContaining("no FROM");
    assertThatThrownBy(() -> Dockerfile.parse("FROM a AS x\nFROM b AS X"))
        .hasMessageContaining("two stages");
  }

  @Test
  void healthcheckHasOptionsAndACommand() {
    Instruction.Healthcheck check =
        (Instruction.Healthcheck)
            Dockerfile.parse(
                    "FROM a\nHEALTHCHECK --interval=5s --retries=2 CMD curl -f localhost\n")
                .stages()
                .getFirst()
                .instructions()
                .getFirst();
    assertThat(check.options()).isEqualTo(Map.of("interval", "5s", "retries", "2"));
    assertThat(check.command()).contains(new Command.Shell("curl -f localhost"));
  }

  @Test
  void anyTextEndsInAValueOrADockerfileException() {
    String[] pieces = {
      "FROM ",
      "a",
      "\n",
      "RUN ",
      "<<E",
      "\\\n",
      "[\"x\"",
      "]",
      "COPY ",
      "--from=",
      "$",
      "{",
      "}",
      "\"",
      "'",
      " ",
      "#",
      "ENV ",
      "=",
      "ONBUILD ",
      "HEALTHCHECK ",
      "CMD ",
      "ARG ",
      "\t",
      "VOLUME ",
      "EXPOSE "
    };
    Random random = new Random(42);
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "FROM a\n" : "");
      for (int i = random.nextInt(12); i >= 0; i--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      try {
        Dockerfile.parse(text.toString());
      } catch (DockerfileException expected) {
        assertThat(expected.line()).isPositive();
      }
    }
  }
}
