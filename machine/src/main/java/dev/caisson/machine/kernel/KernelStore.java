/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.boot.KernelCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The guest kernels of this host: one directory each, with {@code vmlinuz}, {@code modules} and
 * {@code source}. The link {@code current} names the one new guests boot.
 */
public final class KernelStore {
  private static final String CURRENT = "current";

  private final Path directory;

  public KernelStore(Path directory) {
    this.directory = directory;
  }

  /** The store of an engine whose state is below a directory. */
  public static KernelStore below(Path root) {
    return new KernelStore(root.resolve("kernels"));
  }

  /** That of the engine of root; what tests and programs without an engine use. */
  public static KernelStore standard() {
    return below(Path.of("/var/lib/caisson"));
  }

  public Path directory() {
    return directory;
  }

  /** The kernel new guests boot. */
  public Optional<GuestKernel> current() {
    Path current = directory.resolve(CURRENT);
    try {
      return Files.isDirectory(current)
          ? Optional.of(read(current.toRealPath()))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public List<GuestKernel> all() {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(entry -> Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS))
          .filter(entry -> Files.exists(entry.resolve("vmlinuz")))
          .map(KernelStore::read)
          .sorted(Comparator.comparing(GuestKernel::version))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static GuestKernel read(Path kernel) {
    try {
      return new GuestKernel(
          kernel.getFileName().toString(),
          Files.readString(kernel.resolve("source")).strip(),
          kernel.resolve("vmlinuz"),
          kernel.resolve("modules"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Takes a kernel in and makes it the current one; one of the same version is replaced.
   *
   * @param image a bzImage or ELF kernel
   * @param modules copied with all below it, if it exists
   */
  public GuestKernel add(String version, String source, Path image, Path modules)
      throws IOException {
    if (!version.matches("[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")) {
      throw SandboxException.invalid("kernel version \"" + version + "\"", "is not a file name");
    }
    Files.createDirectories(directory);
    Path staged = Files.createTempDirectory(directory, ".new-");
    try {
      stage(staged, source, image, modules);
      Path kept = directory.resolve(version);
      if (Files.exists(kept)) {
        deleteTree(kept);
      }
      Files.move(staged, kept, StandardCopyOption.ATOMIC_MOVE);
      use(version);
      return read(kept);
    } finally {
      if (Files.exists(staged)) {
        deleteTree(staged);
      }
    }
  }

  private void stage(Path staged, String source, Path image, Path modules) throws IOException {
    Path copy = staged.resolve("vmlinuz");
    try {
      Files.copy(image, copy);
      new KernelCache(unpackedFiles()).unpacked(copy); // which the first machine would wait for
    } catch (NoSuchFileException e) {
      throw new SandboxException(
          SandboxException.Kind.NOT_FOUND, "kernel " + image + ": no such file", e);
    } catch (VmmException e) {
      throw new SandboxException(SandboxException.Kind.INVALID, image + ": " + e.getMessage(), e);
    }
    if (Files.isDirectory(modules)) {
      copyTree(modules, staged.resolve("modules"));
    }
    Files.writeString(staged.resolve("source"), source + "\n");
  }

  /** What is made of kernels for machines; it may go, and is made anew. */
  public Path unpackedFiles() {
    return directory.resolve("unpacked");
  }

  /**
   * Removes a kernel, and what was made of it for machines.
   *
   * @throws SandboxException NOT_FOUND; WRONG_STATE for the one new machines boot
   */
  public GuestKernel remove(String version) throws IOException {
    Path kept = require(version);
    GuestKernel gone = read(kept);
    if (current().filter(kernel -> kernel.version().equals(version)).isPresent()) {
      throw new SandboxException(
          SandboxException.Kind.WRONG_STATE, "kernel " + version + " is what new machines boot");
    }
    deleteTree(kept);
    if (Files.isDirectory(unpackedFiles())) {
      try (Stream<Path> made = Files.list(unpackedFiles())) {
        for (Path file : (Iterable<Path>) made::iterator) {
          if (file.getFileName()
              .toString()
              .matches("initial-\\Q" + version + "\\E-[0-9a-f]{8}\\.cpio")) {
            Files.delete(file);
          }
        }
      }
    }
    return gone;
  }

  private Path require(String version) {
    Path kept = directory.resolve(version);
    boolean plain = directory.equals(kept.getParent()) && !Files.isSymbolicLink(kept);
    if (!plain || !Files.exists(kept.resolve("vmlinuz"))) {
      throw new SandboxException(
          SandboxException.Kind.NOT_FOUND, "kernel " + version + " is not in " + directory);
    }
    return kept;
  }

  /** Makes a kernel of the store the current one. */
  public void use(String version) throws IOException {
    require(version);
    Path link = directory.resolve(".current-new");
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, Path.of(version));
    Files.move(
        link,
        directory.resolve(CURRENT),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> tree = Files.walk(from)) {
      for (Path path : (Iterable<Path>) tree::iterator) {
        Path target = to.resolve(from.relativize(path).toString());
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          Files.createDirectories(target);
        } else if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
          Files.copy(path, target);
        }
      }
    }
  }

  static void deleteTree(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : (Iterable<Path>) tree.sorted(Comparator.reverseOrder())::iterator) {
        Files.delete(path);
      }
    }
  }
}
