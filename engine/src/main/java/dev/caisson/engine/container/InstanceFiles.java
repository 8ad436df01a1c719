/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.instance.Failures;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.view.FileChange;
import dev.caisson.engine.view.PathStat;
import dev.caisson.sandbox.ability.Copyable;
import dev.caisson.sandbox.ability.Diffable;
import dev.caisson.sandbox.ability.Exportable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The files of containers: looked at, copied, and made images of. */
final class InstanceFiles {
  /** Files we mount in every container; where they are mounted is no change of the workload's. */
  private static final Set<String> MADE_BY_US =
      Set.of("/etc/hostname", "/etc/hosts", "/etc/resolv.conf");

  private final ImageLibrary images;

  InstanceFiles(ImageLibrary images) {
    this.images = images;
  }

  List<FileChange> changes(Instance instance) {
    return instance
        .ability(instance.sandbox(), Diffable.class, "tell its changes")
        .changes()
        .stream()
        .filter(change -> !MADE_BY_US.contains(change.path()))
        .map(change -> new FileChange(kind(change.kind()), change.path()))
        .toList();
  }

  private static FileChange.Kind kind(Diffable.ChangeKind kind) {
    return switch (kind) {
      case MODIFIED -> FileChange.Kind.MODIFIED;
      case ADDED -> FileChange.Kind.ADDED;
      case DELETED -> FileChange.Kind.DELETED;
    };
  }

  void export(Instance instance, OutputStream tar) {
    files(
        instance,
        () -> instance.ability(instance.sandbox(), Exportable.class, "be exported").export(tar));
    instance.event("export");
  }

  PathStat stat(Instance instance, String path) {
    try {
      var facts = copyable(instance).facts(path);
      return new PathStat(facts.name(), facts.size(), facts.mode(), facts.modified(), facts.link());
    } catch (RuntimeException e) {
      throw Failures.translatePath(e, instance.definition().name());
    }
  }

  private static Copyable copyable(Instance instance) {
    return instance.ability(instance.sandbox(), Copyable.class, "copy files");
  }

  void copyOut(Instance instance, String path, OutputStream tar) {
    files(instance, () -> copyable(instance).copyOut(path, tar));
    instance.event("archive-path");
  }

  void copyIn(Instance instance, String path, InputStream tar, CopySpec options) {
    var chosen =
        new Copyable.CopyOptions(options.noOverwriteDirectoryWithFile(), options.copyOwners());
    files(instance, () -> copyable(instance).copyIn(path, tar, chosen));
    instance.event("extract-to-dir");
  }

  /** Something done with files and streams. */
  @FunctionalInterface
  private interface FileWork {
    void run() throws IOException;
  }

  private static void files(Instance instance, FileWork work) {
    try {
      work.run();
    } catch (IOException e) {
      throw Failures.of(e);
    } catch (RuntimeException e) {
      throw Failures.translatePath(e, instance.definition().name());
    }
  }

  String commit(Instance instance, CommitSpec commit) {
    var exportable = instance.ability(instance.sandbox(), Exportable.class, "be committed");
    return instance.standingStill(
        commit.pause(),
        () -> {
          var definition = instance.definition();
          var image =
              images.commit(
                  definition.image().id(), definition.config(), commit, exportable::exportChanges);
          instance.event("commit", Map.of("imageID", image));
          return image;
        });
  }
}
