/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Instruction;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarFile;

/** Copies of files of another stage or image: {@code COPY --from}. */
final class ImageContents implements Contents {
  private final Selection selection;
  private final List<Source> sources;

  /**
   * One source, copied out.
   *
   * @param pattern below the copied directory; empty to take what was copied as it is
   * @param written as the instruction has it, absolute
   */
  private record Source(
      Path tar, String name, Optional<IgnoreRules.Glob> pattern, String written) {}

  private ImageContents(Selection selection, List<Source> sources) {
    this.selection = selection;
    this.sources = sources;
  }

  static ImageContents of(
      Engine engine, String image, Instruction.Copy copy, StageState state, Path scratch)
      throws IOException {
    var contents = new ImageContents(Selection.of(copy, state), new ArrayList<>());
    try (var bench = Workbench.of(engine, image)) {
      for (String source : state.expandAll(copy.sources())) {
        contents.sources.add(
            source(bench, source.startsWith("/") ? source : "/" + source, scratch));
      }
      return contents;
    } catch (EngineException failed) {
      contents.close();
      throw new BuildException("COPY --from failed: " + failed.getMessage(), failed);
    } catch (IOException | RuntimeException failed) {
      contents.close();
      throw failed;
    }
  }

  private static Source source(Workbench bench, String written, Path scratch) throws IOException {
    String path = Path.of(written).normalize().toString();
    if (!IgnoreRules.isGlob(path)) {
      Path tar = copiedOut(bench, path, scratch);
      return new Source(tar, name(path), Optional.empty(), written);
    }
    // The part without a pattern is copied out whole, as there is no way to ask for less.
    String[] words = path.substring(1).split("/");
    int plain = 0;
    while (!IgnoreRules.isGlob(words[plain])) {
      plain++;
    }
    String base = "/" + String.join("/", List.of(words).subList(0, plain));
    String pattern = String.join("/", List.of(words).subList(plain, words.length));
    Path tar = copiedOut(bench, base, scratch);
    return new Source(tar, name(base), Optional.of(IgnoreRules.Glob.of(pattern)), written);
  }

  private static Path copiedOut(Workbench bench, String path, Path scratch) throws IOException {
    Path tar = Files.createTempFile(scratch, "from", ".tar");
    try {
      bench.copyOut(bench.followed(path), tar);
      return tar;
    } catch (IOException | RuntimeException failed) {
      Files.deleteIfExists(tar);
      throw failed;
    }
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  @Override
  public void write(LayerTar tar, Target target) throws IOException {
    for (Source source : sources) {
      if (!written(tar, source, target)) {
        throw new BuildException("COPY --from failed: no source files match " + source.written());
      }
    }
  }

  private boolean written(LayerTar tar, Source source, Target target) throws IOException {
    try (var file = new TarFile(source.tar().toFile(), "UTF-8")) {
      var entries = file.getEntries();
      if (entries.isEmpty()) {
        return false;
      }
      var top = entries.getFirst();
      var walk = new Walk(file, tar, source, target, clean(top.getName()), top.isDirectory());
      if (!top.isDirectory()) {
        walk.visit(top);
      } else if (source.pattern().isEmpty() && !target.present() && !selection.parents()) {
        tar.directory(target.path(), top.getMode(), top.getLastModifiedTime());
      }
      for (var entry : entries.subList(1, entries.size())) {
        walk.visit(entry);
      }
      return source.pattern().isEmpty() || walk.any;
    }
  }

  /** Goes through what was copied out of one source. */
  private final class Walk {
    private final TarFile file;
    private final LayerTar tar;
    private final Source source;
    private final Target target;
    private final String base;
    private final boolean directory;
    private final Map<String, TarArchiveEntry> byName = new HashMap<>();
    private final Map<String, String> placed = new HashMap<>();
    private boolean any;

    Walk(TarFile file, LayerTar tar, Source source, Target target, String base, boolean directory) {
      this.file = file;
      this.tar = tar;
      this.source = source;
      this.target = target;
      this.base = base;
      this.directory = directory;
    }

    void visit(TarArchiveEntry entry) throws IOException {
      String name = clean(entry.getName());
      byName.put(name, entry);
      String below = directory ? below(base, name) : source.name();
      Optional<String> to = place(source, below, directory, target);
      if (to.isEmpty()) {
        return;
      }
      any = true;
      if (entry.isLink()) {
        hardLink(entry, clean(entry.getLinkName()), to.get());
        return;
      }
      placed.put(name, to.get());
      try (InputStream content = content(entry)) {
        tar.copy(entry, to.get(), entry.getLinkName(), false, content);
      }
    }

    /** The first of several names that is copied gets the file, whichever had it in the tar. */
    private void hardLink(TarArchiveEntry entry, String first, String to) throws IOException {
      String known = placed.get(first);
      var original = byName.get(first);
      if (known != null) {
        tar.copy(entry, to, known, false, InputStream.nullInputStream());
      } else if (original != null) {
        placed.put(first, to);
        try (InputStream content = content(original)) {
          tar.copy(original, to, "", false, content);
        }
      }
    }

    private InputStream content(TarArchiveEntry entry) throws IOException {
      return entry.isFile() && !entry.isLink()
          ? file.getInputStream(entry)
          : InputStream.nullInputStream();
    }
  }

  /** Where an entry goes; empty when it is not asked for. */
  private Optional<String> place(Source source, String below, boolean directory, Target target) {
    if (!selection.accepts(below)) {
      return Optional.empty();
    }
    if (selection.parents()) {
      String base = source.pattern().isPresent() || directory ? parent(source) : "";
      boolean fits = source.pattern().map(glob -> glob.matchesOrContains(below)).orElse(true);
      String whole =
          directory
              ? join(base, below)
              : Path.of(source.written()).normalize().toString().substring(1);
      return fits
          ? Optional.of(target.below(Selection.kept(source.written(), whole)))
          : Optional.empty();
    }
    if (source.pattern().isEmpty()) {
      return Optional.of(directory ? target.below(below) : target.of(below));
    }
    return matched(source.pattern().get(), below, target);
  }

  /** What a pattern finds goes into the target: a file by its name, of a directory its contents. */
  private static Optional<String> matched(IgnoreRules.Glob pattern, String below, Target target) {
    if (pattern.matches(below)) {
      return Optional.of(target.below(name(below)));
    }
    for (int slash = below.indexOf('/'); slash >= 0; slash = below.indexOf('/', slash + 1)) {
      if (pattern.matches(below.substring(0, slash))) {
        return Optional.of(target.below(below.substring(slash + 1)));
      }
    }
    return Optional.empty();
  }

  private static String parent(Source source) {
    String path = Path.of(source.written()).normalize().toString().substring(1);
    if (source.pattern().isEmpty()) {
      return path;
    }
    var words = new ArrayList<String>();
    for (String word : path.split("/")) {
      if (IgnoreRules.isGlob(word)) {
        break;
      }
      words.add(word);
    }
    return String.join("/", words);
  }

  private static String join(String base, String below) {
    return base.isEmpty() ? below : base + "/" + below;
  }

  private static String clean(String name) {
    String path = Path.of("/" + name).normalize().toString();
    return path.substring(1);
  }

  private static String below(String base, String name) {
    return base.isEmpty() ? name : name.substring(Math.min(name.length(), base.length() + 1));
  }

  @Override
  public void close() throws IOException {
    for (var source : sources) {
      Files.deleteIfExists(source.tar());
    }
  }
}
