/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Heredoc;
import dev.caisson.build.dockerfile.Instruction;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** Copies of the build context, of web servers and of here-documents. */
final class ContextContents implements Contents {
  private final Instruction.Copy copy;
  private final BuildContext context;
  private final StageState state;
  private final Path scratch;
  private final Selection selection;
  private final List<String> sources;
  private final Map<String, Download> downloads = new HashMap<>();

  ContextContents(Instruction.Copy copy, BuildContext context, StageState state, Path scratch) {
    this.copy = copy;
    this.context = context;
    this.state = state;
    this.scratch = scratch;
    this.selection = Selection.of(copy, state);
    this.sources =
        state.expandAll(copy.sources()).stream()
            .filter(source -> copy.heredocs().isEmpty() || !source.startsWith("<<"))
            .toList();
  }

  @Override
  public void write(LayerTar tar, Target target) throws IOException {
    for (Heredoc heredoc : copy.heredocs()) {
      String text = heredoc.expand() ? state.expandText(heredoc.content()) : heredoc.content();
      tar.file(target.of(heredoc.name()), text.getBytes(StandardCharsets.UTF_8));
    }
    if (sources.isEmpty() && copy.heredocs().isEmpty()) {
      throw new BuildException(name() + " failed: no source files were specified");
    }
    for (String source : sources) {
      if (copy.add() && Download.isRepository(source)) {
        throw new BuildException(
            "ADD cannot clone "
                + source
                + "; clone it beside the Dockerfile and ADD the directory");
      } else if (copy.add() && Download.isRemote(source)) {
        download(tar, source, target);
      } else {
        fromContext(tar, source, target);
      }
    }
  }

  private String name() {
    return copy.add() ? "ADD" : "COPY";
  }

  private void download(LayerTar tar, String source, Target target) throws IOException {
    var download = downloads.get(source);
    if (download == null) {
      download = Download.of(source, copy.flag("checksum").map(state::expand), scratch);
      downloads.put(source, download);
    }
    if (Selection.isOn(copy.flag("unpack")) && unpacked(tar, download.file(), target)) {
      return;
    }
    if (download.name().isEmpty() && target.directory()) {
      throw new BuildException(
          "ADD failed: cannot tell a file name from " + source + "; give the target one");
    }
    try (InputStream in = Files.newInputStream(download.file())) {
      tar.file(
          target.of(download.name()), 0600, download.modified(), Files.size(download.file()), in);
    }
  }

  private void fromContext(LayerTar tar, String source, Target target) throws IOException {
    var matches = context.matching(source);
    if (matches.isEmpty()) {
      throw new BuildException(
          name()
              + " failed: file not found in build context or excluded by .dockerignore: stat "
              + source
              + ": file does not exist");
    }
    for (var match : matches) {
      var place = target;
      if (selection.parents()) {
        String kept = Selection.kept(source, match.name());
        boolean into = !Files.isDirectory(match.file(), LinkOption.NOFOLLOW_LINKS);
        int end = into ? Math.max(0, kept.lastIndexOf('/')) : kept.length();
        place =
            new Target(target.below(kept.substring(0, end)), true, end == 0 && target.present());
      }
      one(tar, match, place);
    }
  }

  private void one(LayerTar tar, BuildContext.Match match, Target target) throws IOException {
    Path file = match.file();
    if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
      tree(tar, file, target);
      return;
    }
    String name = match.name().substring(match.name().lastIndexOf('/') + 1);
    if (!selection.accepts(name)) {
      return;
    }
    boolean unpack = copy.add() && !copy.flag("unpack").equals(Optional.of("false"));
    if (unpack
        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && unpacked(tar, file, target)) {
      return;
    }
    path(tar, file, target.of(name));
  }

  private void tree(LayerTar tar, Path directory, Target target) throws IOException {
    for (Path path : context.tree(directory)) {
      String below = directory.relativize(path).toString();
      if (below.isEmpty()) {
        if (!target.present()) {
          tar.directory(target.path(), 0755, Files.getLastModifiedTime(directory));
        }
      } else if (selection.accepts(below)) {
        path(tar, path, target.below(below));
      }
    }
  }

  static void path(LayerTar tar, Path path, String name) throws IOException {
    FileTime time = Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS);
    if (Files.isSymbolicLink(path)) {
      tar.link(name, Files.readSymbolicLink(path).toString(), time);
    } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      tar.directory(name, mode(path), time);
    } else if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      try (InputStream in = Files.newInputStream(path)) {
        tar.file(name, mode(path), time, Files.size(path), in);
      }
    } // sockets, pipes and devices have no place in an image
  }

  private static int mode(Path path) throws IOException {
    Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return mode instanceof Integer bits ? bits & 07777 : 0644;
  }

  /** ADD unpacks a tar, plain or compressed with gzip, bzip2 or xz. */
  private boolean unpacked(LayerTar tar, Path file, Target target) throws IOException {
    try (InputStream raw = Files.newInputStream(file)) {
      Optional<InputStream> plain = TarArchives.open(raw);
      if (plain.isEmpty()) {
        return false;
      }
      var entries = new TarArchiveInputStream(plain.get(), "UTF-8");
      for (TarArchiveEntry entry = entries.getNextEntry();
          entry != null;
          entry = entries.getNextEntry()) {
        String inner = inside(entry.getName(), file);
        if (!inner.isEmpty() && selection.accepts(inner)) {
          String link =
              entry.isLink()
                  ? target.below(inside(entry.getLinkName(), file))
                  : entry.getLinkName();
          tar.copy(entry, target.below(inner), link, true, entries);
        }
      }
      return true;
    }
  }

  /** An entry's name without dots in front; one that climbs is refused. */
  private static String inside(String name, Path archive) {
    Path path = Path.of("/" + name).normalize();
    boolean climbs = List.of(name.split("/")).contains("..");
    if (climbs) {
      throw new BuildException(
          "ADD failed: the entry '" + name + "' of " + archive.getFileName() + " leads out of it");
    }
    return path.toString().substring(1);
  }

  @Override
  public void close() throws IOException {
    for (var download : downloads.values()) {
      Files.deleteIfExists(download.file());
    }
  }
}
