/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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
    Files.copy(image, staged.resolve("vmlinuz"));
    if (Files.isDirectory(modules)) {
      copyTree(modules, staged.resolve("modules"));
    }
    Files.writeString(staged.resolve("source"), source + "\n");
    Path kept = directory.resolve(version);
    if (Files.exists(kept)) {
      deleteTree(kept);
    }
    Files.move(staged, kept, StandardCopyOption.ATOMIC_MOVE);
    use(version);
    return read(kept);
  }

  /** Makes a kernel of the store the current one. */
  public void use(String version) throws IOException {
    if (!Files.exists(directory.resolve(version).resolve("vmlinuz"))) {
      throw new SandboxException(
          SandboxException.Kind.NOT_FOUND, "kernel " + version + " is not in " + directory);
    }
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
