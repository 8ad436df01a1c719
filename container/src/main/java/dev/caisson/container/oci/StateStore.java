/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One directory a container, below the runtime's --root. */
record StateStore(Path root) {
  private static final String FILE = "state.json";
  private static final String START_SOCKET = "start.sock";

  /** Claims the id, or refuses because it is in use. */
  void claim(String id) {
    try {
      Files.createDirectories(root);
      Files.createDirectory(
          directory(id),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
    } catch (FileAlreadyExistsException e) {
      throw new OciException("container " + id + " exists already; delete it first", e);
    } catch (IOException e) {
      throw new OciException("container " + id + ": " + e.getMessage(), e);
    }
  }

  Path directory(String id) {
    return root.resolve(id);
  }

  /** There until the container was started. */
  Path startSocket(String id) {
    return directory(id).resolve(START_SOCKET);
  }

  void save(ContainerState state) {
    ObjectNode node = Document.MAPPER.createObjectNode();
    node.put("id", state.id()).put("pid", state.pid()).put("startTicks", state.startTicks());
    node.put("bundle", state.bundle().toString()).put("created", state.created());
    node.set("config", state.config());
    Path file = directory(state.id()).resolve(FILE);
    Path draft = directory(state.id()).resolve(FILE + ".new");
    try {
      Files.writeString(draft, node.toString());
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OciException("state of " + state.id() + " cannot be written: " + e.getMessage(), e);
    }
  }

  ContainerState load(String id) {
    Path file = directory(id).resolve(FILE);
    if (!Files.exists(file)) {
      throw new OciException("container " + id + " does not exist");
    }
    JsonNode node = Document.read(file);
    return new ContainerState(
        id,
        node.path("pid").asInt(-1),
        node.path("startTicks").asLong(-1),
        Path.of(Document.text(node, "bundle")),
        Document.text(node, "created"),
        node.path("config"));
  }

  List<ContainerState> all() {
    var all = new ArrayList<ContainerState>();
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(root)) {
      for (Path directory : directories) {
        if (Files.exists(directory.resolve(FILE))) {
          all.add(load(directory.getFileName().toString()));
        }
      }
    } catch (NoSuchFileException none) {
      return List.of();
    } catch (IOException e) {
      throw new OciException(root + " cannot be listed: " + e.getMessage(), e);
    }
    return all;
  }

  void remove(String id) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory(id))) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(directory(id));
    } catch (NoSuchFileException gone) {
      return;
    } catch (IOException e) {
      throw new OciException("state of " + id + " cannot be removed: " + e.getMessage(), e);
    }
  }
}
