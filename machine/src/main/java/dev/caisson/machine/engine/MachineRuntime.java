/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.vmm.process.MachineProcess;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleReference;
import java.lang.module.ResolvedModule;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * This engine's own Java runtime and modules, as far as a {@link MachineProcess} needs them: how it
 * is started, and the files it must see. Nothing else of the host is shown to it.
 */
final class MachineRuntime {
  /**
   * A small heap, for a machine's process makes hardly any objects; C1 alone, whose code is small;
   * no file of its own anywhere, and nobody attaches to it.
   */
  private static final List<String> OPTIONS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xms3m",
          "-Xmx32m",
          "-Xss256k",
          "-XX:ReservedCodeCacheSize=8m",
          "-XX:MaxMetaspaceSize=48m",
          "-XX:CompressedClassSpaceSize=16m",
          "-XX:-UsePerfData",
          "-XX:-UseContainerSupport",
          "-XX:+DisableAttachMechanism",
          "-XX:+ExitOnOutOfMemoryError",
          "-XX:-CreateCoredumpOnCrash",
          "-XX:ErrorFile=/dev/null",
          "-Xlog:disable",
          "-Xlog:all=error:stderr",
          "--enable-native-access=dev.caisson.linux");

  /**
   * What java and its libraries are linked with; the engine, which is java too, has them mapped.
   */
  private static final Pattern LIBRARY =
      Pattern.compile(
          "(ld-linux|libc|libm|libdl|libpthread|librt|libz|libgcc_s|libstdc\\+\\+)[-.].*");

  /** Where a program of x86-64 says that its loader is. System V ABI, AMD64 supplement */
  private static final Path LOADER = Path.of("/lib64/ld-linux-x86-64.so.2");

  /** Beside the folder of the modules. */
  private static final String ARCHIVE = "machine.aot";

  private final Path home;
  private final List<Path> modules;

  private MachineRuntime(Path home, List<Path> modules) {
    this.home = home;
    this.modules = modules;
  }

  static MachineRuntime ofThisProcess() {
    return new MachineRuntime(Path.of(System.getProperty("java.home")), modules());
  }

  private static boolean modular() {
    return MachineProcess.class.getModule().isNamed();
  }

  /**
   * Jars or directories of the process's module and all it requires; of a class path, all of it.
   */
  private static List<Path> modules() {
    if (!modular()) {
      return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
          .map(Path::of)
          .map(Path::toAbsolutePath)
          .filter(Files::exists)
          .toList();
    }
    Module own = MachineProcess.class.getModule();
    Set<ResolvedModule> found = new LinkedHashSet<>();
    Deque<ResolvedModule> open = new ArrayDeque<>();
    own.getLayer().configuration().findModule(own.getName()).ifPresent(open::add);
    while (!open.isEmpty()) {
      ResolvedModule next = open.remove();
      if (found.add(next)) {
        open.addAll(next.reads());
      }
    }
    return found.stream()
        .map(ResolvedModule::reference)
        .map(ModuleReference::location)
        .flatMap(Optional::stream)
        .filter(place -> "file".equals(place.getScheme())) // all others are in the runtime itself
        .map((URI place) -> Path.of(place))
        .sorted() // the archive of classes holds for one order of them
        .toList();
  }

  /** Its argument list. */
  List<String> command(String name) {
    return command(archive().map(file -> List.of("-XX:AOTCache=" + file)).orElse(List.of()), name);
  }

  /** As {@link #command(String)}, recording in a file what a start needs. */
  List<String> training(Path archive, String name) {
    return command(List.of("-XX:AOTCacheOutput=" + archive), name);
  }

  /**
   * What packaging recorded. Not one that was made in another folder: the runtime would take it,
   * and fail later.
   */
  private Optional<Path> archive() {
    if (!modular() || modules.isEmpty()) {
      return Optional.empty();
    }
    Path folder = parent(parent(modules.getFirst().toAbsolutePath()));
    Path archive = folder.resolve(ARCHIVE);
    Path madeIn = folder.resolve("caisson.aot.home");
    try {
      boolean right =
          Files.exists(archive)
              && Files.exists(madeIn)
              && Files.readString(madeIn).strip().equals(folder.toString());
      return right ? Optional.of(archive) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // it starts the same without, only later
    }
  }

  private static Path parent(Path file) {
    return Objects.requireNonNullElse(file.getParent(), file);
  }

  private List<String> command(List<String> archive, String name) {
    List<String> words = new ArrayList<>();
    words.add(home.resolve("bin/java").toString());
    words.addAll(archive);
    words.addAll(OPTIONS);
    String path =
        modules.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    String main = MachineProcess.class.getName();
    if (modular()) {
      words.addAll(
          List.of(
              "--module-path",
              path,
              "-m",
              MachineProcess.class.getModule().getName() + "/" + main));
    } else {
      words.replaceAll(word -> word.replace("=dev.caisson.linux", "=ALL-UNNAMED"));
      words.addAll(List.of("-cp", path, main));
    }
    words.add(name);
    return words;
  }

  List<String> environment() {
    String places =
        libraries().stream()
            .map(library -> parent(library).toString())
            .distinct()
            .collect(Collectors.joining(":"));
    return List.of("LD_LIBRARY_PATH=" + places);
  }

  /** What it must see: by its path there, the file or directory here. */
  Map<Path, Path> files() {
    Map<Path, Path> shown = new TreeMap<>();
    shown.put(home, home);
    linked(shown);
    modules.forEach(module -> shown.put(module, module));
    archive().ifPresent(file -> shown.put(file, file));
    for (Path library : libraries()) {
      shown.put(library, library);
      if (library.getFileName().toString().startsWith("ld-linux")) {
        shown.put(LOADER, library);
      }
    }
    return shown;
  }

  /** Distributions keep some of a runtime's configuration elsewhere, by links. */
  private void linked(Map<Path, Path> shown) {
    for (String part : List.of("lib", "conf")) {
      if (!Files.isDirectory(home.resolve(part))) {
        continue;
      }
      try (Stream<Path> all = Files.walk(home.resolve(part), 3)) {
        for (Path link : (Iterable<Path>) all.filter(Files::isSymbolicLink)::iterator) {
          Path named = link.resolveSibling(Files.readSymbolicLink(link)).normalize();
          if (!named.startsWith(home) && Files.exists(link)) {
            shown.put(named, link.toRealPath());
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static List<Path> libraries() {
    try (Stream<String> mappings = Files.lines(Path.of("/proc/self/maps"))) {
      return mappings
          .filter(line -> line.indexOf('/') > 0)
          .map(line -> Path.of(line.substring(line.indexOf('/'))))
          .filter(path -> LIBRARY.matcher(path.getFileName().toString()).matches())
          .filter(Files::exists)
          .distinct()
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
