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
 * The distribution's kernel for virtual machines, fetched and unpacked by its own package tools.
 * Nothing is installed: only the kernel store changes.
 */
public final class DistributionKernel {
  private static final String LATEST = "linux-image-cloud-amd64";
  private static final Pattern DEPENDENCY =
      Pattern.compile("^Depends: .*?(linux-image-[a-z0-9.+-]+)", Pattern.MULTILINE);
  private static final String REMEDY =
      "; on Debian run 'apt-get update' first, elsewhere 'caisson kernel add VMLINUZ MODULES'";

  private DistributionKernel() {}

  /** Fetches the newest one into the store and makes it current. */
  public static GuestKernel fetch(KernelStore store) throws IOException {
    Files.createDirectories(store.directory());
    Path work = Files.createTempDirectory(store.directory(), ".fetch-");
    try {
      String name = resolve(work);
      run(work, "apt-get", "-q", "download", name);
      Path archive = onlyDeb(work);
      run(work, "dpkg-deb", "-x", archive.toString(), "tree");
      String version = name.substring("linux-image-".length());
      Path tree = work.resolve("tree");
      String source = "package " + archive.getFileName();
      return store.add(
          version,
          source,
          tree.resolve("boot/vmlinuz-" + version),
          tree.resolve("lib/modules/" + version + "/kernel"));
    } finally {
      KernelStore.deleteTree(work);
    }
  }

  /** The real package behind the one that always names the newest. */
  private static String resolve(Path work) throws IOException {
    Matcher found = DEPENDENCY.matcher(run(work, "apt-cache", "show", "--no-all-versions", LATEST));
    if (!found.find()) {
      throw new SandboxException(
          SandboxException.Kind.NOT_FOUND, "apt-cache knows no package " + LATEST + REMEDY);
    }
    return found.group(1);
  }

  private static Path onlyDeb(Path work) throws IOException {
    try (Stream<Path> files = Files.list(work)) {
      return files
          .filter(file -> file.toString().endsWith(".deb"))
          .findFirst()
          .orElseThrow(() ->
              new SandboxException(
                  SandboxException.Kind.FAILED, "apt-get download left no package" + REMEDY));
    }
  }

  private static String run(Path work, String... command) throws IOException {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .directory(work.toFile())
              .redirectError(work.resolve("errors").toFile())
              .start();
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.UNSUPPORTED, command[0] + " is not here" + REMEDY, e);
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
          String.join(" ", List.of(command))
              + " ended with "
              + code
              + ": "
              + Files.readString(work.resolve("errors")).strip()
              + REMEDY);
    }
    return output;
  }
}
