/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Heredoc;
import dev.caisson.build.dockerfile.Instruction;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * Turns one COPY or ADD into a tar of what it puts into the image, beside its digest for the cache.
 *
 * <p>Owners are {@code --chown}'s or 0:0. Modification times do not count for the cache, contents
 * and modes do.
 */
final class Copying {
  private static final Duration DOWNLOAD_TIMEOUT = Duration.ofMinutes(10);

  private final BuildContext context;
  private final StageState state;
  private final Path scratch;
  private final Ownership ownership;

  Copying(BuildContext context, StageState state, Path scratch, Ownership ownership) {
    this.context = context;
    this.state = state;
    this.scratch = scratch;
    this.ownership = ownership;
  }

  /** Numeric owner of copied files, and the mode that replaces theirs. */
  record Ownership(long user, long group, Optional<Integer> mode) {}

  /** A tar in a file and the digest of what is in it. */
  record Packed(Path tar, String digest) {}

  /** Packs sources of the build context, of the network and of here-documents. */
  Packed pack(Instruction.Copy copy, Target target) throws IOException {
    Path file = Files.createTempFile(scratch, "copy", ".tar");
    MessageDigest digest = sha256();
    try (TarArchiveOutputStream tar =
        writer(new DigestOutputStream(Files.newOutputStream(file), digest))) {
      for (Heredoc heredoc : copy.heredocs()) {
        String content = heredoc.expand() ? state.expandText(heredoc.content()) : heredoc.content();
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        putFile(
            tar, target.of(heredoc.name()), 0644, bytes.length, new ByteArrayInputStream(bytes));
      }
      int found = copy.heredocs().size();
      for (String source : state.expandAll(copy.sources())) {
        if (source.startsWith("<<")) {
          continue;
        }
        found +=
            copy.add() && isRemote(source)
                ? download(tar, source, copy, target)
                : fromContext(tar, source, copy, target);
      }
      if (found == 0) {
        throw new BuildException("COPY failed: no source files were specified");
      }
    }
    return new Packed(file, HexFormat.of().formatHex(digest.digest()));
  }

  /**
   * Packs what {@code source} is in another image, given as the tar that copying out of it makes.
   */
  void repack(InputStream from, TarArchiveOutputStream tar, Target target) throws IOException {
    TarArchiveInputStream entries = new TarArchiveInputStream(from, "UTF-8");
    String base = null;
    boolean directory = false;
    for (TarArchiveEntry entry = entries.getNextEntry();
        entry != null;
        entry = entries.getNextEntry()) {
      String name = entry.getName().replaceFirst("^\\./", "").replaceFirst("/$", "");
      if (base == null) {
        base = name;
        directory = entry.isDirectory();
        if (directory) {
          putDirectory(tar, target.path(), entry.getMode());
          continue;
        }
      }
      String inner =
          directory
              ? target.below(name.substring(Math.min(name.length(), base.length() + 1)))
              : target.of(base);
      TarArchiveEntry copy =
          new TarArchiveEntry(inner + (entry.isDirectory() ? "/" : ""), kind(entry));
      copy.setMode(ownership.mode().orElse(entry.getMode() & 07777));
      copy.setUserId(ownership.user());
      copy.setGroupId(ownership.group());
      copy.setModTime(entry.getLastModifiedTime());
      if (entry.isSymbolicLink()) {
        copy.setLinkName(entry.getLinkName());
      } else if (entry.isLink()) {
        copy.setLinkName(
            target.below(
                entry
                    .getLinkName()
                    .substring(Math.min(entry.getLinkName().length(), base.length() + 1))));
      } else if (entry.isFile()) {
        copy.setSize(entry.getSize());
      }
      tar.putArchiveEntry(copy);
      if (entry.isFile() && !entry.isLink()) {
        entries.transferTo(tar);
      }
      tar.closeArchiveEntry();
    }
  }

  private static byte kind(TarArchiveEntry entry) {
    if (entry.isDirectory()) {
      return TarConstants.LF_DIR;
    }
    if (entry.isSymbolicLink()) {
      return TarConstants.LF_SYMLINK;
    }
    return entry.isLink() ? TarConstants.LF_LINK : TarConstants.LF_NORMAL;
  }

  static TarArchiveOutputStream writer(OutputStream out) {
    TarArchiveOutputStream tar =
        new TarArchiveOutputStream(new BufferedOutputStream(out, 64 << 10), "UTF-8");
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    return tar;
  }

  private int fromContext(
      TarArchiveOutputStream tar, String source, Instruction.Copy copy, Target target)
      throws IOException {
    List<Path> matches = context.matching(source);
    if (matches.isEmpty()) {
      throw new BuildException(
          "COPY failed: file not found in build context or excluded by .dockerignore: stat "
              + source
              + ": file does not exist");
    }
    for (Path match : matches) {
      if (copy.add()
          && Files.isRegularFile(match, LinkOption.NOFOLLOW_LINKS)
          && unpacked(tar, match, target)) {
        continue;
      }
      if (Files.isDirectory(match, LinkOption.NOFOLLOW_LINKS)) {
        putTree(tar, match, target);
      } else {
        putPath(tar, match, target.of(match.getFileName().toString()));
      }
    }
    return matches.size();
  }

  private void putTree(TarArchiveOutputStream tar, Path directory, Target target)
      throws IOException {
    for (Path path : context.tree(directory)) {
      String below = directory.relativize(path).toString();
      if (!below.isEmpty()) {
        putPath(tar, path, target.below(below));
      } else if (!target.path().equals("/")) {
        putDirectory(tar, target.path(), 0755);
      }
    }
  }

  private void putPath(TarArchiveOutputStream tar, Path path, String name) throws IOException {
    PosixFileAttributes attributes =
        Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    int mode = mode(path);
    if (attributes.isDirectory()) {
      putDirectory(tar, name, mode);
    } else if (attributes.isSymbolicLink()) {
      TarArchiveEntry entry = new TarArchiveEntry(relative(name), TarConstants.LF_SYMLINK);
      entry.setLinkName(Files.readSymbolicLink(path).toString());
      finish(entry, 0777);
      tar.putArchiveEntry(entry);
      tar.closeArchiveEntry();
    } else {
      try (InputStream in = Files.newInputStream(path)) {
        putFile(tar, name, mode, attributes.size(), in);
      }
    }
  }

  private static int mode(Path path) throws IOException {
    Object mode = Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return mode instanceof Integer bits ? bits & 07777 : 0644;
  }

  private void putDirectory(TarArchiveOutputStream tar, String name, int mode) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(relative(name) + "/");
    finish(entry, mode & 07777);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
  }

  private void putFile(
      TarArchiveOutputStream tar, String name, int mode, long size, InputStream content)
      throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(relative(name));
    entry.setSize(size);
    finish(entry, mode);
    tar.putArchiveEntry(entry);
    content.transferTo(tar);
    tar.closeArchiveEntry();
  }

  private void finish(TarArchiveEntry entry, int mode) {
    entry.setMode(ownership.mode().orElse(mode));
    entry.setUserId(ownership.user());
    entry.setGroupId(ownership.group());
    entry.setModTime(FileTime.fromMillis(0)); // equal contents give equal layers
  }

  private static String relative(String name) {
    return name.startsWith("/") ? name.substring(1) : name;
  }

  /** ADD unpacks a local tar, plain or compressed with gzip, bzip2 or xz. */
  private boolean unpacked(TarArchiveOutputStream tar, Path file, Target target)
      throws IOException {
    try (InputStream raw = new BufferedInputStream(Files.newInputStream(file), 64 << 10)) {
      Optional<InputStream> plain = Archives.open(raw);
      if (plain.isEmpty()) {
        return false;
      }
      TarArchiveInputStream entries = new TarArchiveInputStream(plain.get(), "UTF-8");
      for (TarArchiveEntry entry = entries.getNextEntry();
          entry != null;
          entry = entries.getNextEntry()) {
        entry.setName(relative(target.below(entry.getName())));
        if (entry.isLink()) {
          entry.setLinkName(relative(target.below(entry.getLinkName())));
        }
        tar.putArchiveEntry(entry);
        if (entry.isFile() && !entry.isLink()) {
          entries.transferTo(tar);
        }
        tar.closeArchiveEntry();
      }
      return true;
    }
  }

  private static boolean isRemote(String source) {
    String lower = source.toLowerCase(Locale.ROOT);
    return lower.startsWith("http://") || lower.startsWith("https://");
  }

  private int download(
      TarArchiveOutputStream tar, String source, Instruction.Copy copy, Target target)
      throws IOException {
    URI address = URI.create(source);
    String path = Optional.ofNullable(address.getPath()).orElse("");
    String name = path.substring(path.lastIndexOf('/') + 1);
    if (name.isEmpty() && target.directory()) {
      throw new BuildException(
          "ADD failed: cannot tell a file name from " + source + "; give the target one");
    }
    Path file = Files.createTempFile(scratch, "download", "");
    try (HttpClient client =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build()) {
      HttpResponse<InputStream> response =
          client.send(
              HttpRequest.newBuilder(address).timeout(DOWNLOAD_TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofInputStream());
      if (response.statusCode() != 200) {
        throw new BuildException("ADD failed: " + source + " answered " + response.statusCode());
      }
      MessageDigest digest = sha256();
      try (InputStream in = new DigestInputStream(response.body(), digest);
          OutputStream out = Files.newOutputStream(file)) {
        in.transferTo(out);
      }
      String actual = "sha256:" + HexFormat.of().formatHex(digest.digest());
      String wanted = copy.flag("checksum").map(state::expand).orElse(actual);
      if (!wanted.equals(actual)) {
        throw new BuildException(
            "ADD failed: " + source + " has the digest " + actual + ", not " + wanted);
      }
      try (InputStream in = Files.newInputStream(file)) {
        putFile(tar, target.of(name), 0600, Files.size(file), in);
      }
      return 1;
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new BuildException("the build was stopped", stopped);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  /**
   * Where copies go.
   *
   * @param path absolute, without dots
   * @param directory whether a file goes into it under its own name
   */
  record Target(String path, boolean directory) {
    static Target of(StageState state, Instruction.Copy copy) {
      String text = state.expand(copy.target());
      boolean directory =
          text.endsWith("/")
              || text.equals(".")
              || text.endsWith("/.")
              || copy.sources().size() > 1;
      return new Target(state.absolute(text), directory);
    }

    String of(String fileName) {
      return directory ? below(fileName) : path;
    }

    String below(String relative) {
      return relative.isEmpty() ? path : path.equals("/") ? "/" + relative : path + "/" + relative;
    }
  }

  /** Compressed and plain tar archives, told apart by their first bytes. */
  private static final class Archives {
    private static final int TAR_MAGIC_AT = 257;

    private Archives() {}

    static Optional<InputStream> open(InputStream raw) throws IOException {
      raw.mark(512);
      byte[] start = raw.readNBytes(512);
      raw.reset();
      if (starts(start, 0x1f, 0x8b)) {
        return tarIn(new BufferedInputStream(new GZIPInputStream(raw), 64 << 10));
      }
      if (starts(start, 0xfd, '7', 'z', 'X', 'Z')) {
        return tarIn(new BufferedInputStream(new XZCompressorInputStream(raw), 64 << 10));
      }
      if (starts(start, 'B', 'Z', 'h')) {
        return tarIn(
            new BufferedInputStream(
                new org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream(raw),
                64 << 10));
      }
      return tarIn(raw);
    }

    private static Optional<InputStream> tarIn(InputStream in) throws IOException {
      in.mark(512);
      byte[] start = in.readNBytes(512);
      in.reset();
      boolean tar =
          start.length == 512
              && new String(start, TAR_MAGIC_AT, 5, StandardCharsets.US_ASCII).equals("ustar");
      return tar ? Optional.of(in) : Optional.empty();
    }

    private static boolean starts(byte[] bytes, int... magic) {
      if (bytes.length < magic.length) {
        return false;
      }
      for (int i = 0; i < magic.length; i++) {
        if ((bytes[i] & 0xff) != magic[i]) {
          return false;
        }
      }
      return true;
    }
  }
}
