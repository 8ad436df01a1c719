/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.ProgressBars;
import dev.caisson.cli.option.CreateOptions;
import dev.caisson.cli.option.DetachKeysOption;
import dev.caisson.cli.option.ExecOptions;
import dev.caisson.cli.option.ImageAndCommand;
import dev.caisson.cli.option.SignalProxyOption;
import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.view.Created;
import dev.caisson.engine.view.ExitStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Making containers, and running them to their end. */
final class RunCommands {
  private RunCommands() {}

  /** An image with the options of its container, and a command. */
  abstract static class OfImage extends EngineCommand {
    @Mixin CreateOptions options = new CreateOptions();

    @Option(
        names = "--pull",
        paramLabel = "WHEN",
        defaultValue = "missing",
        description = "always, missing or never")
    String pull = "missing";

    @Option(
        names = {"-q", "--quiet"},
        description = "no progress of fetching the image")
    boolean quietly;

    @Option(names = "--disable-content-trust", hidden = true, arity = "0..1")
    boolean untrusted; // nothing is signed that way any more; scripts still say it

    @Mixin ImageAndCommand asked = new ImageAndCommand();

    final InstanceSpec spec() {
      if (!List.of("always", "missing", "never").contains(pull)) {
        throw EngineException.invalid(
            "invalid --pull '%s'".formatted(pull), "use always, missing or never");
      }
      return options.spec(asked.image, asked.command, console());
    }

    /** Creates, after fetching the image if it is missing and may be fetched. */
    final Created create(InstanceSpec spec) {
      if (pull.equals("always")) {
        fetch();
      }
      try {
        return told(engine().containers().create(spec));
      } catch (EngineException e) {
        boolean missing =
            e.kind() == EngineException.Kind.NOT_FOUND
                && String.valueOf(e.getMessage())
                    .toLowerCase(Locale.ROOT)
                    .contains("no such image");
        if (!missing || !pull.equals("missing")) {
          throw e;
        }
        console().err().println("Unable to find image '" + asked.image + "' locally");
        fetch();
        return told(engine().containers().create(spec));
      }
    }

    private void fetch() {
      if (quietly) {
        engine()
            .images()
            .pull(
                asked.image,
                options.platform,
                logins().forImage(asked.image),
                ProgressListener.SILENT);
        return;
      }
      var bars = ProgressBars.aside(console());
      engine().images().pull(asked.image, options.platform, logins().forImage(asked.image), bars);
      bars.finish();
    }

    private Created told(Created created) {
      created.warnings().forEach(line -> console().err().println("WARNING: " + line));
      return created;
    }
  }

  @Command(name = "create", description = "Make a container without starting it")
  static final class Create extends OfImage {
    @Override
    public Integer call() {
      var id = create(spec()).id();
      options.writeIdFile(id, console());
      print(id);
      return 0;
    }
  }

  @Command(name = "explain", description = "Print the plan by which a container would be started")
  static final class Explain extends OfImage {
    @Option(
        names = "--format",
        paramLabel = "FORMAT",
        defaultValue = "table",
        description = "table or json")
    String format = "table";

    @Override
    public Integer call() {
      if (!List.of("table", "json").contains(format)) {
        throw EngineException.invalid(
            "invalid --format '%s'".formatted(format), "use table or json");
      }
      print(engine().containers().explain(spec(), format.equals("json")).stripTrailing());
      return 0;
    }
  }

  @Command(name = "run", description = "Make a container, start it and see it through")
  static final class Run extends OfImage {
    @Option(
        names = {"-d", "--detach"},
        description = "leave it in the background and print its id")
    boolean detach;

    @Mixin DetachKeysOption detachKeys = new DetachKeysOption();

    @Mixin SignalProxyOption signalProxy = new SignalProxyOption();

    @Option(names = "--dry-run", description = "print the plan, as explain does, and stop")
    boolean dryRun;

    @Override
    public Integer call() {
      if (dryRun) {
        print(engine().containers().explain(spec(), false).stripTrailing());
        return 0;
      }
      try {
        return detach ? inBackground() : inForeground();
      } catch (EngineException e) {
        tell(e);
        return e.kind().exitCode();
      }
    }

    private boolean started;

    private int inBackground() {
      var created = create(spec());
      options.writeIdFile(created.id(), console());
      start(created.id());
      print(created.id());
      return 0;
    }

    private int inForeground() {
      var spec = spec();
      var created = create(spec);
      options.writeIdFile(created.id(), console());
      var condition = spec.autoRemove() ? WaitCondition.REMOVED : WaitCondition.NEXT_EXIT;
      var over = engine().containers().exit(created.id(), condition);
      var foreground = new Foreground(console(), engine(), created.id(), signalProxy.wanted);
      try {
        var process = spec.process();
        var streams =
            new AttachOptions(
                process.attachStdin(),
                process.attachStdout(),
                process.attachStderr(),
                false,
                true,
                detachKeys.keys);
        return foreground.run(streams, over, () -> start(created.id()));
      } catch (EngineException e) {
        if (!started) {
          removeUnlessKept(created.id()); // joining its streams makes it ready, which may fail too
        }
        throw e;
      }
    }

    /** A container that does not start leaves nothing with --rm. */
    private void start(String id) {
      try {
        engine().containers().start(id);
        started = true;
      } catch (EngineException e) {
        removeUnlessKept(id);
        throw e;
      }
    }

    private void removeUnlessKept(String id) {
      if (!options.autoRemove) {
        return;
      }
      try {
        engine().containers().remove(id, true, true);
      } catch (EngineException e) {
        // What matters to the user is why it did not start.
      }
    }
  }

  @Command(name = "start", description = "Start containers")
  static final class Start extends LifeCommands.OnContainers {
    @Option(
        names = {"-a", "--attach"},
        description = "show output and pass signals on")
    boolean attach;

    @Option(
        names = {"-i", "--interactive"},
        description = "pass standard input on")
    boolean interactive;

    @Option(
        names = {"--checkpoint", "--snapshot"},
        paramLabel = "NAME",
        description = "where this snapshot of it stands, instead of anew")
    Optional<String> snapshot = Optional.empty();

    @Mixin DetachKeysOption detachKeys = new DetachKeysOption();

    @Override
    public Integer call() {
      if (!attach && !interactive) {
        return each(containers, this::start);
      }
      var name = containers.getFirst();
      var over = engine().containers().exit(name, WaitCondition.NEXT_EXIT);
      return new Foreground(console(), engine(), name, true)
          .run(
              new AttachOptions(interactive, true, true, false, true, detachKeys.keys),
              over,
              () -> start(name));
    }

    private void start(String name) {
      snapshot.ifPresentOrElse(
          kept -> engine().snapshots().start(kept, name), () -> engine().containers().start(name));
    }
  }

  @Command(name = "attach", description = "Join the streams of a running container")
  static final class Attach extends EngineCommand {
    @Option(names = "--no-stdin", description = "only show output")
    boolean noInput;

    @Mixin DetachKeysOption detachKeys = new DetachKeysOption();

    @Mixin SignalProxyOption signalProxy = new SignalProxyOption();

    @Parameters(paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Override
    public Integer call() {
      var info = engine().containers().inspect(container, false);
      if (!info.state().running()) {
        throw EngineException.conflict(
            "You cannot attach to a stopped container, start it first",
            "caisson start -a " + container);
      }
      CompletableFuture<ExitStatus> over =
          engine().containers().exit(container, WaitCondition.NOT_RUNNING);
      boolean input = !noInput && info.spec().process().openStdin();
      return new Foreground(console(), engine(), container, signalProxy.wanted)
          .run(new AttachOptions(input, true, true, false, true, detachKeys.keys), over, () -> {});
    }
  }

  @Command(name = "exec", description = "Run a further command in a running container")
  static final class Exec extends EngineCommand {
    @Mixin ExecOptions options = new ExecOptions();

    @Parameters(index = "0", paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Parameters(
        index = "1..*",
        arity = "1..*",
        paramLabel = "COMMAND",
        description = "and its arguments")
    List<String> command = new ArrayList<>();

    @Override
    public Integer call() {
      try {
        var id = engine().containers().createExec(container, options.spec(command, console()));
        if (options.detach) {
          engine().containers().startExecDetached(id);
          return 0;
        }
        return attached(id);
      } catch (EngineException e) {
        tell(e);
        int code = e.kind().exitCode();
        return code == 125 ? FAILED : code;
      }
    }

    private int attached(String id) {
      try (Attachment streams = engine().containers().startExec(id)) {
        new Duplex(console(), streams).run(options.process.interactive);
        if (streams.detached()) {
          return 0;
        }
      }
      return engine().containers().execExit(id);
    }
  }
}
