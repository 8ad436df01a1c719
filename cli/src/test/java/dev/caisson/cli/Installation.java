/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * The command as packaging/install lays it out, made of the classes under test, in a directory that
 * every user may read.
 */
record Installation(Path prefix) {
  private static final List<String> COMPILER =
      List.of("musl-gcc", "-std=gnu11", "-Os", "-static", "-Wall", "-Wextra", "-Werror", "-s");
  private static final List<String> TEST_ONLY =
      List.of("junit", "surefire", "assertj", "byte-buddy", "opentest4j", "apiguardian");
  private static final int PATIENCE_SECONDS = 120;
  private static final int LONG_PATIENCE_SECONDS = 900;

  /** What a program said and how it ended. */
  record Result(int code, String out, String err) {}

  static Installation in(Path prefix) throws Exception {
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/musl-gcc")), "needs the package musl-tools");
    Path project = Path.of("").toAbsolutePath().getParent();
    Path library = Files.createDirectories(prefix.resolve("lib/caisson"));
    Path binaries = Files.createDirectories(prefix.resolve("bin"));
    compile(project.resolve("cli/src/main/c/caisson.c"), binaries.resolve("caisson"));
    compile(project.resolve("cli/src/main/c/rootless.c"), library.resolve("rootless"));
    Files.copy(
        project.resolve("packaging/launch"),
        library.resolve("launch"),
        StandardCopyOption.COPY_ATTRIBUTES);
    Files.setPosixFilePermissions(
        library.resolve("launch"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.writeString(library.resolve("jdk"), System.getProperty("java.home") + "\n");
    modules(project, Files.createDirectory(library.resolve("modules")));
    check(run(List.of("chmod", "-R", "a+rX", prefix.toString()), ""));
    return new Installation(prefix);
  }

  private static void compile(Path source, Path program) throws Exception {
    var command = new ArrayList<>(COMPILER);
    command.addAll(List.of("-o", program.toString(), source.toString()));
    check(run(command, ""));
  }

  /** The libraries this test runs with, and the classes of our own modules beside them. */
  private static void modules(Path project, Path target) throws Exception {
    Set<String> places = new LinkedHashSet<>();
    for (String property :
        List.of("jdk.module.path", "java.class.path", "surefire.test.class.path")) {
      places.addAll(List.of(System.getProperty(property, "").split(File.pathSeparator)));
    }
    for (String place : places) {
      boolean ours = place.startsWith(project.toString()); // the build may have packaged it already
      if (place.endsWith(".jar") && !ours && TEST_ONLY.stream().noneMatch(place::contains)) {
        Path jar = Path.of(place);
        Files.copy(jar, target.resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    try (Stream<Path> folders = Files.list(project)) {
      for (Path folder : folders.toList()) {
        Path classes = folder.resolve("target/classes");
        if (Files.exists(classes.resolve("module-info.class"))) {
          Path module = target.resolve(folder.getFileName());
          check(run(List.of("cp", "-r", classes.toString(), module.toString()), ""));
        }
      }
    }
  }

  private static void check(Result result) {
    assertThat(result.code()).as("%s", result).isZero();
  }

  /** Runs the command as somebody, with nothing but a home in its environment. */
  Result as(String user, Path home, String... words) throws Exception {
    return as(user, home, List.of(), words);
  }

  Result as(String user, Path home, List<String> environment, String... words) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                "runuser", "-u", user, "--", "env", "-i", "PATH=/usr/bin:/bin", "HOME=" + home));
    command.addAll(environment);
    command.add(prefix.resolve("bin/caisson").toString());
    command.addAll(List.of(words));
    return run(command, "");
  }

  static Result run(List<String> command, String input) throws IOException, InterruptedException {
    // Fetching and unpacking packages takes its time.
    boolean slow = command.contains("build-base") && command.contains("debian");
    return run(command, input, slow ? LONG_PATIENCE_SECONDS : PATIENCE_SECONDS);
  }

  private static Result run(List<String> command, String input, int patience)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile("out", "");
    Path err = Files.createTempFile("err", "");
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(new File("/"))
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
      try (var stdin = process.getOutputStream()) {
        stdin.write(input.getBytes(StandardCharsets.UTF_8));
      } catch (IOException unread) {
        // it need not read
      }
      if (!process.waitFor(patience, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError(command + " took more than " + patience + " s");
      }
      return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }
}
