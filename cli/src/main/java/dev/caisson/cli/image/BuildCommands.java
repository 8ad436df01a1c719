/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import dev.caisson.build.BuildClient;
import dev.caisson.build.BuildContext;
import dev.caisson.build.BuildException;
import dev.caisson.build.BuildOutput;
import dev.caisson.build.BuildPlace;
import dev.caisson.build.BuildRequest;
import dev.caisson.build.Builder;
import dev.caisson.build.dockerfile.DockerfileException;
import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.command.PruningCommand;
import dev.caisson.cli.option.KeyValues;
import dev.caisson.cli.option.ResourceOptions;
import dev.caisson.engine.EngineException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about building images. */
final class BuildCommands {
  private BuildCommands() {}

  @Command(name = "build", description = "Make an image as a Dockerfile says")
  static final class Build extends EngineCommand {
    private static final int DOCKERFILE_LIMIT = 2 << 20;
    private static final int SECRET_LIMIT = 500 << 10;
    private static final int TAR_MAGIC_AT = 257;

    @Option(
        names = {"-t", "--tag"},
        paramLabel = "NAME",
        description = "name of the result; may be repeated")
    List<String> tags = new ArrayList<>();

    @Option(
        names = {"-f", "--file"},
        paramLabel = "FILE|-",
        description = "the Dockerfile; - for standard input (PATH/Dockerfile)")
    Optional<String> file = Optional.empty();

    @Option(
        names = "--build-arg",
        paramLabel = "NAME[=VALUE]",
        description = "of an ARG; without a value from the environment")
    List<String> arguments = new ArrayList<>();

    @Option(
        names = "--label",
        paramLabel = "NAME=VALUE",
        description = "a label of the result; may be repeated")
    List<String> labels = new ArrayList<>();

    @Option(names = "--target", paramLabel = "STAGE", description = "stop at this stage")
    Optional<String> target = Optional.empty();

    @Option(names = "--platform", paramLabel = "OS/ARCH", description = "where the result runs")
    Optional<String> platform = Optional.empty();

    @Option(names = "--no-cache", description = "run every instruction")
    boolean noCache;

    @Option(names = "--pull", description = "look for newer base images")
    boolean pull;

    @Option(
        names = {"-q", "--quiet"},
        description = "print the id only")
    boolean quiet;

    @Option(names = "--network", paramLabel = "MODE", description = "of RUN", defaultValue = "")
    String network = "";

    @Option(
        names = "--add-host",
        paramLabel = "NAME:ADDRESS",
        description = "a line of the hosts file of RUN; may be repeated")
    List<String> hosts = new ArrayList<>();

    @Option(
        names = "--secret",
        paramLabel = "id=ID[,src=FILE|,env=NAME]",
        description = "for RUN --mount=type=secret")
    List<String> secrets = new ArrayList<>();

    @Option(names = "--iidfile", paramLabel = "FILE", description = "write the id there")
    Optional<String> idFile = Optional.empty();

    @Option(
        names = "--progress",
        hidden = true,
        paramLabel = "auto|plain|tty",
        description = "always plain here")
    String progress = "plain";

    @Option(
        names = {"--force-rm", "--compress", "--disable-content-trust"},
        hidden = true,
        arity = "0..1",
        description = "without a meaning here")
    boolean other;

    @Option(names = "--rm", hidden = true, arity = "0..1", description = "always so here")
    Optional<Boolean> remove = Optional.empty();

    @Mixin ResourceOptions.LimitOptions limits = new ResourceOptions.LimitOptions();

    @Parameters(paramLabel = "PATH|-", description = "the build context; - for a tar on input")
    String path = "";

    @Override
    public Integer call() {
      var place = BuildPlace.of(engine());
      try {
        Optional<String> recipe = Optional.empty();
        if (path.equals("-")) {
          var in = new BufferedInputStream(console().in(), 64 << 10);
          if (!isArchive(in)) {
            recipe = Optional.of(text(in));
            return built(place, BuildContext.empty(place.scratch()), recipe);
          }
          return built(place, BuildContext.unpack(plain(in), place.scratch()), recipe);
        }
        var directory = console().directory().resolve(path).normalize();
        if (!Files.isDirectory(directory)) {
          throw EngineException.invalid(
              "unable to prepare context: path \"" + path + "\" is no directory",
              "name the directory with the Dockerfile, or - for a tar");
        }
        return built(place, BuildContext.of(directory), recipe(directory));
      } catch (IOException e) {
        throw EngineException.io("cannot read the build context: " + e.getMessage(), e);
      }
    }

    /** A Dockerfile from elsewhere than the context. */
    private Optional<String> recipe(Path directory) throws IOException {
      if (file.isEmpty()) {
        return Optional.empty();
      }
      if (file.get().equals("-")) {
        return Optional.of(text(console().in()));
      }
      var named = console().directory().resolve(file.get()).normalize();
      if (!Files.isRegularFile(named)) {
        throw EngineException.invalid(
            "unable to prepare context: there is no Dockerfile " + file.get(),
            "name it with -f, from the current directory");
      }
      if (named.startsWith(directory)) {
        file = Optional.of(directory.relativize(named).toString());
        return Optional.empty();
      }
      try (var in = Files.newInputStream(named)) {
        return Optional.of(text(in));
      }
    }

    private static String text(InputStream in) throws IOException {
      byte[] bytes = in.readNBytes(DOCKERFILE_LIMIT + 1);
      if (bytes.length > DOCKERFILE_LIMIT) {
        throw EngineException.invalid(
            "the Dockerfile is larger than " + DOCKERFILE_LIMIT + " bytes", "send a tar instead");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    }

    private static boolean isArchive(BufferedInputStream in) throws IOException {
      byte[] start = peek(in);
      return isGzip(start)
          || start.length == 512
              && new String(start, TAR_MAGIC_AT, 5, StandardCharsets.US_ASCII).equals("ustar");
    }

    private static InputStream plain(BufferedInputStream in) throws IOException {
      return isGzip(peek(in)) ? new GZIPInputStream(in) : in;
    }

    private static boolean isGzip(byte[] start) {
      return start.length > 1 && start[0] == 0x1f && (start[1] & 0xff) == 0x8b;
    }

    private static byte[] peek(BufferedInputStream in) throws IOException {
      in.mark(512);
      byte[] start = in.readNBytes(512);
      in.reset();
      return start;
    }

    private int built(BuildPlace place, BuildContext opened, Optional<String> recipe)
        throws IOException {
      BuildOutput output =
          quiet
              ? BuildOutput.SILENT
              : text -> {
                console().out().print(text);
                console().out().flush();
              };
      try (BuildContext context = opened) {
        String id = new Builder(engine(), place).build(request(recipe), context, output);
        if (idFile.isPresent()) {
          Files.writeString(console().directory().resolve(idFile.get()), id);
        }
        if (quiet) {
          print(id);
        }
        return 0;
      } catch (BuildException | DockerfileException failed) {
        console().err().println("caisson: " + failed.getMessage());
        return FAILED;
      }
    }

    private BuildRequest request(Optional<String> recipe) throws IOException {
      return new BuildRequest(
          file.filter(name -> recipe.isEmpty()).orElse("Dockerfile"),
          tags,
          arguments(),
          KeyValues.map(labels),
          target,
          platform,
          noCache,
          pull,
          network.equals("default") ? "" : network,
          hosts,
          limits.builder().build(),
          BuildClient.lending(secrets()),
          Map.of(),
          recipe,
          logins()::forImage);
    }

    private Map<String, String> arguments() {
      var values = new LinkedHashMap<String, String>();
      for (var argument : arguments) {
        int equals = argument.indexOf('=');
        if (equals >= 0) {
          values.put(argument.substring(0, equals), argument.substring(equals + 1));
        } else if (console().environment().containsKey(argument)) {
          values.put(argument, console().environment().get(argument));
        }
      }
      return values;
    }

    private Map<String, byte[]> secrets() throws IOException {
      var contents = new HashMap<String, byte[]>();
      for (var secret : secrets) {
        var words = KeyValues.list(secret);
        var id = words.getOrDefault("id", "");
        if (id.isEmpty() || id.contains("/")) {
          throw EngineException.invalid(
              "invalid secret '" + secret + "'", "write id=NAME,src=FILE or id=NAME,env=VARIABLE");
        }
        contents.put(id, secret(id, words));
      }
      return contents;
    }

    private byte[] secret(String id, Map<String, String> words) throws IOException {
      var source = words.getOrDefault("src", words.getOrDefault("source", ""));
      if (source.isEmpty()) {
        var variable = words.getOrDefault("env", id);
        return console().environment().getOrDefault(variable, "").getBytes(StandardCharsets.UTF_8);
      }
      try (var in = Files.newInputStream(console().directory().resolve(source))) {
        byte[] bytes = in.readNBytes(SECRET_LIMIT + 1);
        if (bytes.length > SECRET_LIMIT) {
          throw EngineException.invalid(
              "the secret " + id + " is larger than " + SECRET_LIMIT + " bytes", "");
        }
        return bytes;
      }
    }
  }

  @Command(name = "prune", description = "Forget what builds made")
  static final class Prune extends PruningCommand {
    @Option(
        names = {"-a", "--all"},
        description = "as without it: everything is forgotten")
    boolean all;

    @Override
    public Integer call() {
      if (agreed("all build cache")) {
        total(BuildPlace.of(engine()).prune());
      }
      return 0;
    }
  }
}
