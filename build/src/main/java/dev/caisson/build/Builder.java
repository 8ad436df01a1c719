/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Dockerfile;
import dev.caisson.build.dockerfile.DockerfileException;
import dev.caisson.build.dockerfile.Instruction;
import dev.caisson.build.dockerfile.Stage;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.view.ImageInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Executes a Dockerfile on an engine: the stages its target needs, each instruction from the cache
 * where nothing changed.
 */
public final class Builder {
  private static final int DOCKERFILE_LIMIT = 2 << 20;

  private final Engine engine;
  private final BuildPlace place;

  public Builder(Engine engine, BuildPlace place) {
    this.engine = engine;
    this.place = place;
  }

  /**
   * @return the id of the image that was built
   * @throws BuildException when an instruction cannot be executed
   * @throws DockerfileException when the Dockerfile cannot be understood
   */
  public String build(BuildRequest request, BuildContext context, BuildOutput output) {
    try {
      Dockerfile dockerfile =
          Dockerfile.parse(
              request
                  .recipe()
                  .orElseGet(() -> context.text(request.dockerfile(), DOCKERFILE_LIMIT)));
      context.applyIgnoreFile(request.dockerfile());
      Files.createDirectories(place.scratch());
      return new Run(request, context, output, dockerfile).execute();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalArgumentException malformedWord) {
      throw new BuildException(String.valueOf(malformedWord.getMessage()), malformedWord);
    }
  }

  /** One build. */
  private final class Run {
    private final BuildRequest request;
    private final BuildContext context;
    private final BuildOutput output;
    private final Dockerfile dockerfile;
    private final Map<Integer, String> built = new LinkedHashMap<>();
    private final BuildArguments arguments;
    private int step;
    private int steps;

    Run(BuildRequest request, BuildContext context, BuildOutput output, Dockerfile dockerfile) {
      this.request = request;
      this.context = context;
      this.output = output;
      this.dockerfile = dockerfile;
      this.arguments = new BuildArguments(request, dockerfile);
    }

    String execute() throws IOException {
      Stage target =
          request
              .target()
              .map(name ->
                  dockerfile.stage(name).orElseThrow(() -> new BuildException(noStage(name))))
              .orElseGet(() -> dockerfile.stages().getLast());
      List<Stage> needed = needed(target);
      steps = needed.stream().mapToInt(stage -> 1 + stage.instructions().size()).sum();
      for (Stage stage : needed) {
        built.put(stage.index(), stage(stage, stage.equals(target)));
      }
      String image = built.get(target.index());
      if (image == null) {
        throw new IllegalStateException("the target is always built");
      }
      if (!arguments.unused().isEmpty()) {
        output.print(
            "[Warning] One or more build-args " + arguments.unused() + " were not consumed\n");
      }
      output.print("Successfully built " + shortId(image) + "\n");
      for (String tag : request.tags()) {
        engine.images().tag(image, tag);
        output.print("Successfully tagged " + tag + "\n");
      }
      return image;
    }

    /** The target and every stage it comes from or copies from, in the order of the file. */
    private List<Stage> needed(Stage target) {
      Set<Integer> wanted = new HashSet<>();
      collect(target, wanted);
      return dockerfile.stages().stream().filter(stage -> wanted.contains(stage.index())).toList();
    }

    private void collect(Stage stage, Set<Integer> wanted) {
      if (!wanted.add(stage.index())) {
        return;
      }
      earlier(arguments.expand(stage.from().image()), stage)
          .ifPresent(base -> collect(base, wanted));
      for (Instruction instruction : stage.instructions()) {
        reads(instruction)
            .flatMap(name -> earlier(arguments.expand(name), stage).stream())
            .forEach(from -> collect(from, wanted));
      }
    }

    /** Names of stages or images whose files an instruction wants. */
    private static Stream<String> reads(Instruction instruction) {
      return switch (instruction) {
        case Instruction.Copy copy -> copy.flag("from").stream();
        case Instruction.Run run ->
            run.flags().stream()
                .filter(flag -> flag.name().equals("mount"))
                .flatMap(flag -> Stream.of(flag.value().split(",")))
                .filter(word -> word.startsWith("from="))
                .map(word -> word.substring("from=".length()));
        default -> Stream.empty();
      };
    }

    private Optional<Stage> earlier(String name, Stage than) {
      return dockerfile.stage(name).filter(stage -> stage.index() < than.index());
    }

    private String stage(Stage stage, boolean last) throws IOException {
      String name = arguments.expand(stage.from().image());
      heading("FROM " + name + stage.from().alias().map(alias -> " AS " + alias).orElse(""));
      var names = new BuildStep.Names(dockerfile, stage, isImage(name, stage));
      Optional<String> base = base(name, stage, names);
      ImageConfig config =
          base.map(image -> engine.images().inspect(image).config()).orElseGet(ImageConfig::empty);
      StageState state = new StageState(base, config, dockerfile.escape());
      output.print(" ---> " + base.map(Builder::shortId).orElse("") + "\n");
      var job = new BuildJob(engine, request, context, output, place);
      StageRunner runner = new StageRunner(job, state, arguments, this::copySource);
      for (String trigger : config.onBuild()) {
        output.print("# Executing build trigger: " + trigger + "\n");
        run(runner, Dockerfile.parseTrigger(trigger), names);
      }
      for (Instruction instruction : stage.instructions()) {
        heading(Headings.of(instruction));
        run(runner, instruction, names);
      }
      if (last && !request.labels().isEmpty()) {
        runner.label(request.labels());
      }
      return state.base.orElseThrow(
          () -> new BuildException("No image was generated. Is your Dockerfile empty?"));
    }

    private void run(StageRunner runner, Instruction instruction, BuildStep.Names names)
        throws IOException {
      request.client().cancellation().check();
      if (BuildStep.Names.makesLayer(instruction)) {
        output.begin(names.next(Headings.of(instruction)));
      }
      runner.run(instruction);
    }

    private boolean isImage(String name, Stage stage) {
      return earlier(name, stage).isEmpty() && !name.equals("scratch");
    }

    private Optional<String> base(String name, Stage stage, BuildStep.Names names) {
      Optional<Stage> earlier = earlier(name, stage);
      if (earlier.isPresent()) {
        return Optional.of(Optional.ofNullable(built.get(earlier.get().index())).orElseThrow());
      }
      if (name.equals("scratch")) {
        return Optional.empty();
      }
      if (name.isEmpty()) {
        throw new BuildException(
            "base name ("
                + stage.from().image()
                + ") should not be blank: an ARG before FROM has no value");
      }
      output.begin(names.next("FROM " + name));
      return Optional.of(
          image(name, stage.from().platform().map(arguments::expand).or(request::platform)));
    }

    private String image(String word, Optional<String> platform) {
      String name = request.namedImages().getOrDefault(word, word);
      if (!request.pull() || name.startsWith("sha256:")) {
        try {
          String id = engine.images().inspect(name).id();
          output.cached();
          return id;
        } catch (EngineException missing) {
          if (missing.kind() != EngineException.Kind.NOT_FOUND) {
            throw missing;
          }
        }
      }
      output.print("Pulling " + name + "\n");
      return engine.images().pull(name, platform, request.logins().apply(name), output::transfer);
    }

    private String noStage(String name) {
      var named =
          dockerfile.stages().stream().flatMap(stage -> stage.from().alias().stream()).toList();
      return "there is no stage '%s' to stop at; %s"
          .formatted(
              name,
              named.isEmpty()
                  ? "stages have a name where FROM says AS NAME"
                  : "there are " + String.join(", ", named));
    }

    /** The image that {@code COPY --from=name} reads. */
    private String copySource(String name) {
      Optional<Stage> stage = dockerfile.stage(name);
      if (stage.isPresent() && built.containsKey(stage.get().index())) {
        return Optional.ofNullable(built.get(stage.get().index())).orElseThrow();
      }
      if (name.chars().allMatch(Character::isDigit)) {
        throw new BuildException(
            "COPY --from=" + name + ": there is no earlier stage with this index");
      }
      return image(name, request.platform());
    }

    private void heading(String text) {
      step++;
      output.print("Step " + step + "/" + steps + " : " + text + "\n");
    }
  }

  static String shortId(String id) {
    String digest = id.startsWith("sha256:") ? id.substring(7) : id;
    return digest.substring(0, Math.min(12, digest.length()));
  }

  static boolean exists(Engine engine, String image) {
    try {
      ImageInfo info = engine.images().inspect(image);
      return !info.id().isEmpty();
    } catch (EngineException gone) {
      return false;
    }
  }
}
