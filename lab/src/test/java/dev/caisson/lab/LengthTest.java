/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A method has at most 40 lines and 6 parameters, a file 400 lines, and a package 40 files; those
 * that have more stand here with their reason. A record may have as many components as there are
 * facts.
 */
class LengthTest {
  private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();
  private static final int METHOD = 40;
  private static final int PARAMETERS = 6;
  private static final int FILE = 400;
  private static final int PACKAGE = 40;

  private static final String DOCUMENT = "a document, written line by line";
  private static final String HOT = "one loop per byte: calls in it would cost";
  private static final String LAYOUT = "fields of a format, in the order they are in";
  private static final String DISPATCH = "one line for each request there is";

  /** Why a method is longer, by CLASS.METHOD. */
  private static final Map<String, String> LONGER =
      Map.ofEntries(
          Map.entry("Features.json", DOCUMENT),
          Map.entry("Features.specification", DOCUMENT),
          Map.entry("VhdxHeader.metadata", LAYOUT),
          Map.entry("LuksHeader.parse", LAYOUT),
          Map.entry("SerialPort.write", DISPATCH),
          Map.entry("FuseServer.answer", DISPATCH),
          Map.entry("ClusterMap.runIn", HOT),
          Map.entry("Deflate.longest", HOT),
          Map.entry("Deflate.run", HOT),
          Map.entry("PrefixCode.shortest", "one algorithm, as its source states it"),
          Map.entry("GuestPlan.first", "the steps of a plan, in their order"));

  private static final String WORDS = "the number of a system call and its six words. syscall(2)";

  /** Why a method has more parameters, by CLASS.METHOD. */
  private static final Map<String, String> WIDER =
      Map.of(
          "Downcall.checked", WORDS,
          "Downcall.attempt", WORDS);

  private static final Map<String, Integer> METHODS = new TreeMap<>();
  private static final Map<String, Integer> WIDTHS = new TreeMap<>();

  @BeforeAll
  static void measure() throws IOException {
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var files = compiler.getStandardFileManager(null, null, null)) {
      var task =
          (JavacTask)
              compiler.getTask(
                  null,
                  files,
                  null,
                  List.of("-proc:none"),
                  null,
                  files.getJavaFileObjectsFromPaths(sources()));
      var positions = Trees.instance(task).getSourcePositions();
      for (CompilationUnitTree unit : task.parse()) {
        new Lengths(unit, positions).scan(unit, null);
      }
    }
  }

  private static List<Path> sources() throws IOException {
    var found = new ArrayList<Path>();
    for (var module : ArchitectureTest.modules()) {
      try (Stream<Path> files = Files.walk(PROJECT.resolve(module).resolve("src/main/java"))) {
        files.filter(file -> file.toString().endsWith(".java")).forEach(found::add);
      }
    }
    return found;
  }

  private static final class Lengths extends TreePathScanner<Void, Void> {
    private final CompilationUnitTree unit;
    private final SourcePositions positions;

    private Lengths(CompilationUnitTree unit, SourcePositions positions) {
      this.unit = unit;
      this.positions = positions;
    }

    @Override
    public Void visitMethod(MethodTree method, Void nothing) {
      var type = (ClassTree) getCurrentPath().getParentPath().getLeaf();
      var name = type.getSimpleName() + "." + method.getName();
      if (method.getBody() != null) {
        var lines = unit.getLineMap();
        long first = lines.getLineNumber(positions.getStartPosition(unit, method));
        long last = lines.getLineNumber(positions.getEndPosition(unit, method.getBody()));
        METHODS.merge(name, (int) (last - first + 1), Math::max);
      }
      if (!ofComponents(type, method)) {
        WIDTHS.merge(name, method.getParameters().size(), Math::max);
      }
      return super.visitMethod(method, nothing);
    }

    /** Whether it is the compact constructor of a record, whose parameters are the components. */
    private static boolean ofComponents(ClassTree type, MethodTree method) {
      return type.getKind() == Tree.Kind.RECORD && method.getName().contentEquals("<init>");
    }
  }

  @Test
  void longMethodsAreThoseListedWithTheirReason() {
    var longer = new TreeMap<>(METHODS);
    longer.values().removeIf(lines -> lines <= METHOD);
    assertThat(longer.keySet())
        .as("%s: look for the second idea, or say here why there is none", longer)
        .isSubsetOf(LONGER.keySet());
  }

  @Test
  void methodsOfManyParametersAreThoseListedWithTheirReason() {
    var wider = new TreeMap<>(WIDTHS);
    wider.values().removeIf(parameters -> parameters <= PARAMETERS);
    assertThat(wider.keySet())
        .as("%s: look for the idea that some of them are together", wider)
        .isSubsetOf(WIDER.keySet());
  }

  @Test
  void filesAreOfOneIdeaAndSoNotLong() throws IOException {
    var longer = new TreeMap<String, Long>();
    for (var file : sources()) {
      try (Stream<String> lines = Files.lines(file)) {
        longer.put(file.getFileName().toString(), lines.count());
      }
    }
    longer.values().removeIf(lines -> lines <= FILE);
    assertThat(longer).as("look for the second idea").isEmpty();
  }

  @Test
  void packagesAreOfOneIdeaAndSoNotLarge() throws IOException {
    var larger = new TreeMap<String, Integer>();
    for (var file : sources()) {
      larger.merge(PROJECT.relativize(file.getParent()).toString(), 1, Integer::sum);
    }
    larger.values().removeIf(files -> files <= PACKAGE);
    assertThat(larger).as("look for the second idea").isEmpty();
  }
}
