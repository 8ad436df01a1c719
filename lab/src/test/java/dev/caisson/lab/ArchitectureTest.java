/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The arrows of ARCHITECTURE.md: a module may use only what stands here beside it. */
class ArchitectureTest {
  private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

  private static final Map<String, Set<String>> ARROWS =
      Map.ofEntries(
          Map.entry("linux", Set.of()),
          Map.entry("disk", Set.of()),
          Map.entry("image", Set.of()),
          Map.entry("sandbox", Set.of()),
          Map.entry("stub", Set.of()),
          Map.entry("launch", Set.of("linux", "sandbox")),
          Map.entry("kvm", Set.of("linux")),
          Map.entry("network", Set.of("linux")),
          Map.entry("rootfs", Set.of("linux", "image", "disk")),
          Map.entry("virtio", Set.of("linux", "disk")),
          Map.entry("vmm", Set.of("linux", "kvm", "virtio")),
          Map.entry("container", Set.of("linux", "sandbox", "launch", "stub", "rootfs", "image")),
          Map.entry(
              "machine",
              Set.of(
                  "linux", "sandbox", "launch", "stub", "rootfs", "image", "network", "kvm",
                  "virtio", "vmm")),
          Map.entry("engine", Set.of("linux", "sandbox", "image", "rootfs", "network")),
          Map.entry("build", Set.of("engine")),
          Map.entry("buildkit", Set.of("engine", "build")),
          Map.entry("server", Set.of("engine", "build", "buildkit")),
          Map.entry(
              "cli", Set.of("server", "linux", "disk", "virtio", "machine", "engine", "build")));

  static Set<String> modules() throws IOException {
    try (Stream<Path> folders = Files.list(PROJECT)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("src/main/java/module-info.java")))
          .map(folder -> folder.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  @Test
  void everyModuleHasItsArrows() throws IOException {
    assertThat(ARROWS.keySet()).containsExactlyInAnyOrderElementsOf(modules());
  }

  @ParameterizedTest
  @MethodSource("modules")
  void usesOnlyWhatItsArrowsAllow(String module) {
    assertThat(caissonRequires(module)).isSubsetOf(ARROWS.get(module));
  }

  @Test
  void arrowsFormNoCycle() {
    Map<String, Set<String>> open = new TreeMap<>(ARROWS);
    while (open.entrySet()
        .removeIf(entry -> entry.getValue().stream().noneMatch(open::containsKey))) {
      // Each round takes away the modules that use nothing still open; a cycle never gets empty.
    }
    assertThat(open).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void packagesOfAModuleFormNoCycle(String module) {
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPath(classesOf(module));
    slices()
        .matching("dev.caisson." + module + ".(**)")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(classes);
  }

  /** A program on the class path finds what one on the module path finds. */
  @ParameterizedTest
  @MethodSource("modules")
  void whatAModuleProvidesIsSaidOnTheClassPathToo(String module) throws IOException {
    for (var provided : descriptor(module).provides()) {
      var file = classesOf(module).resolve("META-INF/services").resolve(provided.service());
      assertThat(file).exists();
      assertThat(Files.readAllLines(file))
          .containsExactlyInAnyOrderElementsOf(provided.providers());
    }
  }

  private static Path classesOf(String module) {
    return PROJECT.resolve(module).resolve("target/classes");
  }

  private static ModuleDescriptor descriptor(String module) {
    ModuleReference reference =
        ModuleFinder.of(classesOf(module)).find("dev.caisson." + module).orElseThrow();
    return reference.descriptor();
  }

  private static Set<String> caissonRequires(String module) {
    return descriptor(module).requires().stream()
        .map(ModuleDescriptor.Requires::name)
        .filter(name -> name.startsWith("dev.caisson."))
        .map(name -> name.substring("dev.caisson.".length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
