/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Programs of the distribution, run in one directory: its package tools above all, which fetch and
 * unpack what they know and verify.
 *
 * @param work where they run and leave what they make
 * @param remedy what to say behind every failure
 */
record PackageTools(Path work, String remedy) {
  /**
   * The real package behind one that always names the newest.
   *
   * @param prefix what the real one's name begins with
   */
  String newest(String always, String prefix) throws IOException {
    Pattern dependency =
        Pattern.compile(
            "^Depends: .*?(" + Pattern.quote(prefix) + "[a-z0-9.+-]+)", Pattern.MULTILINE);
    Matcher found = dependency.matcher(run("apt-cache", "show", "--no-all-versions", always));
    if (!found.find()) {
      throw new SandboxException(
          SandboxException.Kind.NOT_FOUND, "apt-cache knows no package " + always + remedy);
    }
    return found.group(1);
  }

  /** Fetches a package without installing it. */
  Path download(String name) throws IOException {
    run("apt-get", "-q", "download", name);
    try (Stream<Path> files = Files.list(work)) {
      return files
          .filter(file -> file.toString().endsWith(".deb"))
          .findFirst()
          .orElseThrow(() ->
              new SandboxException(
                  SandboxException.Kind.FAILED, "apt-get download left no package" + remedy));
    }
  }

  /**
   * Runs a program to its end.
   *
   * @return what it printed
   * @throws SandboxException UNSUPPORTED when it is not here, FAILED with its own last words
   */
  String run(String... command) throws IOException {
    Path errors = work.resolve("errors");
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(work.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .redirectError(errors.toFile())
              .start();
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.UNSUPPORTED, command[0] + " is not here" + remedy, e);
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code;
    try {
      code = process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new SandboxException(SandboxException.Kind.FAILED, "interrupted", e);
    }
    if (code != 0) {
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          "%s ended with %d: %s%s"
              .formatted(
                  String.join(" ", List.of(command)),
                  code,
                  lastWords(Files.readString(errors)),
                  remedy));
    }
    return output;
  }

  private static String lastWords(String errors) {
    List<String> lines = errors.strip().lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }
}
