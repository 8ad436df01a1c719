/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Dockerfile;
import dev.caisson.build.dockerfile.Instruction;
import dev.caisson.build.dockerfile.Stage;
import java.util.Locale;

/**
 * What a build works on.
 *
 * @param name as BuildKit writes it: {@code [web 2/5] RUN make}
 */
public record BuildStep(String name) {
  /** Numbers the steps of one stage: those that make a layer. */
  static final class Names {
    private final String stage;
    private final int total;
    private int next = 1;

    /**
     * @param based whether the stage begins with an image that is not one of its own file
     */
    Names(Dockerfile file, Stage stage, boolean based) {
      boolean several = file.stages().size() > 1;
      this.stage =
          stage
              .from()
              .alias()
              .map(alias -> alias.toLowerCase(Locale.ROOT) + " ")
              .orElse(several ? "stage-" + stage.index() + " " : "");
      this.total =
          (based ? 1 : 0) + (int) stage.instructions().stream().filter(Names::makesLayer).count();
    }

    static boolean makesLayer(Instruction instruction) {
      return instruction instanceof Instruction.Run
          || instruction instanceof Instruction.Copy
          || instruction instanceof Instruction.Workdir;
    }

    BuildStep next(String text) {
      int width = String.valueOf(total).length();
      return new BuildStep(("[%s%" + width + "d/%d] %s").formatted(stage, next++, total, text));
    }
  }
}
