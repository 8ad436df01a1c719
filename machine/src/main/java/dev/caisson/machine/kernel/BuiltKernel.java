/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A kernel of our own making: the distribution's source package with a configuration that has only
 * what thin machines use. Nothing is installed; the configuration is {@code guest.config} beside
 * this class, from which everything else is off.
 */
public final class BuiltKernel {
  private static final String LATEST = "linux-source";
  private static final String PREFIX = "linux-source-";
  private static final String REMEDY =
      "; building needs: apt-get install make gcc flex bison bc libelf-dev xz-utils, and 2 GiB of"
          + " room; 'caisson kernel fetch' needs none of it";

  /** What a build is called beside the distribution's own of the same version. */
  private static final String SUFFIX = "-caisson";

  private BuiltKernel() {}

  /**
   * Builds the newest one into the store and makes it current; takes minutes to an hour.
   *
   * @param jobs compilers at a time; they run at the lowest priority
   * @param told is told of each stage
   * @throws SandboxException UNSUPPORTED or FAILED with the tool's own words and what it needs
   */
  public static GuestKernel build(KernelStore store, int jobs, Consumer<String> told)
      throws IOException {
    Files.createDirectories(store.directory());
    Path work = Files.createTempDirectory(store.directory(), ".build-");
    try {
      var tools = new PackageTools(work, REMEDY);
      String name = tools.newest(LATEST, PREFIX);
      told.accept("fetching " + name);
      Path archive = tools.download(name);
      told.accept("unpacking " + archive.getFileName());
      unpack(tools, archive, name);
      Path source = work.resolve(name);
      told.accept("configuring");
      configure(tools, source);
      String version = tools.run("make", "-s", "-C", source.toString(), "kernelversion").strip();
      told.accept("compiling " + version + " with " + jobs + (jobs == 1 ? " job" : " jobs"));
      compile(tools, source, jobs);
      return store.add(
          version + SUFFIX,
          "built from package " + archive.getFileName(),
          source.resolve("arch/x86/boot/bzImage"),
          source.resolve("no-modules"));
    } finally {
      KernelStore.deleteTree(work);
    }
  }

  private static void unpack(PackageTools tools, Path archive, String name) throws IOException {
    tools.run("dpkg-deb", "-x", archive.toString(), "package");
    Path packed = tools.work().resolve("package/usr/src/" + name + ".tar.xz");
    tools.run("nice", "-n", "19", "tar", "-xJf", packed.toString());
    Files.delete(packed);
  }

  private static void configure(PackageTools tools, Path source) throws IOException {
    Path wanted = tools.work().resolve("guest.config");
    Files.writeString(wanted, configuration());
    tools.run("make", "-s", "-C", source.toString(), "KCONFIG_ALLCONFIG=" + wanted, "allnoconfig");
    Set<String> taken;
    try (Stream<String> lines = Files.lines(source.resolve(".config"))) {
      taken = new HashSet<>(lines.toList());
    }
    List<String> lost = settings().stream().filter(line -> !taken.contains(line)).toList();
    if (!lost.isEmpty()) {
      // Such a guest would boot, and then lack something only some workloads use.
      throw new SandboxException(
          SandboxException.Kind.FAILED, "this source does not take " + lost + REMEDY);
    }
  }

  /** The lines that say something. */
  static List<String> settings() {
    return configuration().lines().filter(line -> line.startsWith("CONFIG_")).toList();
  }

  private static String configuration() {
    try (InputStream in = BuiltKernel.class.getResourceAsStream("guest.config")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("our own resource", e);
    }
  }

  private static void compile(PackageTools tools, Path source, int jobs) throws IOException {
    // The build's own name and date would make each build another file.
    tools.run(
        "nice",
        "-n",
        "19",
        "make",
        "-s",
        "-C",
        source.toString(),
        "-j" + jobs,
        "KBUILD_BUILD_USER=caisson",
        "KBUILD_BUILD_HOST=caisson",
        "bzImage");
  }
}
