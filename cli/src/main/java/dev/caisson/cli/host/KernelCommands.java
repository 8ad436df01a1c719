/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.host;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.cli.format.Document;
import dev.caisson.cli.format.Table;
import dev.caisson.cli.option.TableFormat;
import dev.caisson.machine.kernel.BuiltKernel;
import dev.caisson.machine.kernel.DistributionKernel;
import dev.caisson.machine.kernel.GuestKernel;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands about the kernels that machines boot. */
final class KernelCommands {
  private KernelCommands() {}

  /** A change of the kernel store, told by the kernel that is current then. */
  abstract static class Changing extends EngineCommand {
    abstract GuestKernel change(KernelStore store) throws IOException;

    /** What may help when it fails. */
    Optional<String> remedy() {
      return Optional.empty();
    }

    @Override
    public final Integer call() {
      try {
        GuestKernel kernel = change(KernelStore.below(engine().host().info().root()));
        print(kernel.version() + " (" + kernel.source() + ")");
        return 0;
      } catch (SandboxException | IOException e) {
        console().err().println("caisson: " + e.getMessage());
        remedy().ifPresent(remedy -> console().err().println("  try: " + remedy));
        return FAILED;
      }
    }
  }

  @Command(name = "fetch", description = "Fetch the distribution's kernel for virtual machines")
  static final class Fetch extends Changing {
    @Override
    GuestKernel change(KernelStore store) throws IOException {
      return DistributionKernel.fetch(store);
    }
  }

  @Command(
      name = "build",
      description = "Build a smaller kernel from the distribution's source package")
  static final class Build extends Changing {
    @Option(
        names = {"-j", "--jobs"},
        paramLabel = "N",
        defaultValue = "1",
        description = "compilers at a time (${DEFAULT-VALUE}); they run at the lowest priority")
    int jobs = 1;

    @Override
    GuestKernel change(KernelStore store) throws IOException {
      if (jobs < 1 || jobs > 1024) {
        throw SandboxException.invalid("--jobs " + jobs, "is not 1 to 1024");
      }
      return BuiltKernel.build(store, jobs, this::tell);
    }

    /** At once: the next word may come an hour later. */
    private void tell(String stage) {
      console().err().println(stage + " ...");
      console().err().flush();
    }
  }

  @Command(name = "add", description = "Take in a kernel of your own")
  static final class Add extends Changing {
    @Parameters(index = "0", paramLabel = "VMLINUZ", description = "bzImage or ELF kernel")
    Path image = Path.of("");

    @Option(
        names = "--version",
        paramLabel = "VERSION",
        required = true,
        description = "what to call it")
    String version = "";

    @Option(
        names = "--modules",
        paramLabel = "DIR",
        description = "directory of its loadable modules")
    Optional<Path> modules = Optional.empty();

    @Override
    GuestKernel change(KernelStore store) throws IOException {
      Path file = console().directory().resolve(image);
      return store.add(
          version,
          "file " + file,
          file,
          modules.map(console().directory()::resolve).orElse(file.resolveSibling("none")));
    }
  }

  @Command(name = "use", description = "Choose the kernel new machines boot")
  static final class Use extends Changing {
    @Parameters(index = "0", paramLabel = "VERSION", description = "as caisson kernel ls shows it")
    String version = "";

    @Override
    GuestKernel change(KernelStore store) throws IOException {
      store.use(version);
      return store.current().orElseThrow();
    }

    @Override
    Optional<String> remedy() {
      return Optional.of("caisson kernel ls, or caisson kernel fetch");
    }
  }

  @Command(name = "rm", description = "Remove kernels")
  static final class Remove extends EngineCommand {
    @Parameters(
        arity = "1..*",
        paramLabel = "VERSION",
        description = "as caisson kernel ls shows it")
    List<String> versions = new ArrayList<>();

    @Override
    public Integer call() {
      KernelStore store = KernelStore.below(engine().host().info().root());
      int code = 0;
      for (String version : versions) {
        try {
          print(store.remove(version).version());
        } catch (SandboxException | IOException e) {
          boolean boots = store.current().filter(now -> now.version().equals(version)).isPresent();
          console().err().println("caisson: " + e.getMessage());
          console()
              .err()
              .println(
                  "  try: "
                      + (boots ? "caisson kernel use, with another first" : "caisson kernel ls"));
          code = FAILED;
        }
      }
      return code;
    }
  }

  @Command(name = "ls", description = "List the kernels machines can boot")
  static final class Ls extends EngineCommand {
    @Mixin TableFormat format = new TableFormat();

    @Override
    public Integer call() {
      KernelStore store = KernelStore.below(engine().host().info().root());
      Optional<String> current = store.current().map(GuestKernel::version);
      var table =
          new Table()
              .column("Version", "VERSION")
              .column("Current", "CURRENT")
              .column("Source", "SOURCE");
      for (GuestKernel kernel : store.all()) {
        boolean boots = current.filter(kernel.version()::equals).isPresent();
        table.row(
            new Document()
                .with("Version", kernel.version())
                .with("Current", boots ? "*" : "")
                .with("Source", kernel.source())
                .map());
      }
      table.print(console().out(), format.text);
      return 0;
    }
  }
}
