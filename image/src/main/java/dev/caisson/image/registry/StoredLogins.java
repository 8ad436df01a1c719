/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * The logins of one user, in the file docker keeps them in, or with the credential helper that file
 * names. What else the file holds stays.
 *
 * @param file {@code config.json}
 * @param environment the user's
 */
public record StoredLogins(Path file, Map<String, String> environment) implements CredentialSource {
  private static final String ENTRIES = "auths";

  public StoredLogins {
    environment = Map.copyOf(environment);
  }

  /**
   * Those of whom this environment is: {@code $DOCKER_CONFIG/config.json}, else {@code
   * $HOME/.docker/config.json}.
   */
  public static StoredLogins of(Map<String, String> environment) {
    var folder = environment.getOrDefault("DOCKER_CONFIG", "");
    var home = Path.of(environment.getOrDefault("HOME", "/"));
    return new StoredLogins(
        (folder.isEmpty() ? home.resolve(".docker") : Path.of(folder)).resolve("config.json"),
        environment);
  }

  /** A registry as it is called in names of images: without a scheme, and without a path. */
  public static String registry(String written) {
    return DockerConfigFile.host(written);
  }

  @Override
  public Optional<Credentials> find(String registry) {
    return read().find(registry);
  }

  private DockerConfigFile read() {
    return DockerConfigFile.read(file, environment);
  }

  /** True if a helper keeps it, and not the file, where whoever reads it could use it. */
  public boolean keep(String registry, Credentials credentials) {
    var helper = read().helper(registry);
    var root = tree();
    var entry = root.withObject("/" + ENTRIES).putObject(DockerConfigFile.key(registry));
    if (helper.isPresent()) {
      helper.get().store(DockerConfigFile.key(registry), credentials);
    } else {
      switch (credentials) {
        case Credentials.Password password ->
            entry.put("auth", password.basic().substring("Basic ".length()));
        case Credentials.IdentityToken token -> entry.put("identitytoken", token.token());
        case Credentials.RegistryToken token -> entry.put("registrytoken", token.token());
      }
    }
    write(root);
    return helper.isPresent();
  }

  /** False if there were none. */
  public boolean forget(String registry) {
    var root = tree();
    if (!(root.get(ENTRIES) instanceof ObjectNode entries)) {
      return false;
    }
    var known =
        entries.propertyNames().stream()
            .filter(key -> DockerConfigFile.host(key).equals(registry))
            .toList();
    if (known.isEmpty()) {
      return false;
    }
    read().helper(registry).ifPresent(helper -> helper.erase(DockerConfigFile.key(registry)));
    known.forEach(entries::remove);
    write(root);
    return true;
  }

  private ObjectNode tree() {
    try {
      return JsonFields.parse(Files.readAllBytes(file), file.toString()).copy();
    } catch (NoSuchFileException _) {
      return JsonFields.newObject();
    } catch (IOException e) {
      throw ImageException.io(file.toString(), e);
    }
  }

  /** Whole or not at all, for its user only; what a user's folder is, the user's file is. */
  private void write(ObjectNode root) {
    var target = Files.isSymbolicLink(file) ? followed() : file;
    var fresh = target.resolveSibling(target.getFileName() + ".caisson-new");
    try {
      var folder = parent(target);
      Files.deleteIfExists(fresh); // of a login that was cut off
      Files.createFile(
          fresh,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      ownedLike(fresh, Files.exists(target) ? target : folder);
      Files.write(fresh, pretty(root), StandardOpenOption.TRUNCATE_EXISTING);
      Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw ImageException.io(file.toString(), e);
    }
  }

  private Path followed() {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      throw ImageException.io(file.toString(), e);
    }
  }

  private static Path parent(Path target) throws IOException {
    var folder = target.toAbsolutePath().getParent();
    if (folder == null) {
      throw new ImageException(Kind.INVALID, target + " is no file");
    }
    var above = folder.getParent();
    if (above != null && !Files.exists(folder)) { // the root, which has none above, exists
      Files.createDirectories(above);
      try {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        ownedLike(folder, above);
      } catch (FileAlreadyExistsException _) {
        return folder; // another login made it
      }
    }
    return folder;
  }

  /** An engine that runs as root writes for somebody else. */
  private static void ownedLike(Path made, Path model) throws IOException {
    var ours =
        Files.getFileAttributeView(made, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    var theirs = Files.readAttributes(model, PosixFileAttributes.class);
    if (!ours.getOwner().equals(theirs.owner())) {
      ours.setOwner(theirs.owner());
      ours.setGroup(theirs.group());
    }
  }

  private static byte[] pretty(ObjectNode root) {
    return (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Tells no secret of the environment. */
  @Override
  public String toString() {
    return "logins in " + file;
  }
}
