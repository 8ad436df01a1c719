/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * A tar of what goes into an image, and the digest that decides whether the cache knows it: names,
 * kinds, modes, owners, targets of links and contents count, times do not.
 */
final class LayerTar implements AutoCloseable {
  /** Bytes of all files together; more is refused, as a sparse file costs nothing to make. */
  private static final long LIMIT = 8L << 30;

  private final TarArchiveOutputStream tar;
  private final MessageDigest digest = sha256();
  private final Ownership ownership;
  private long bytes;

  LayerTar(OutputStream out, Ownership ownership) {
    this.ownership = ownership;
    tar = new TarArchiveOutputStream(new BufferedOutputStream(out, 64 << 10), "UTF-8");
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    tar.setAddPaxHeadersForNonAsciiNames(true);
  }

  /**
   * Owner of copied files, and the mode that replaces theirs.
   *
   * @param user numeric; empty keeps what an unpacked archive says, and is 0 for everything else
   */
  record Ownership(Optional<Long> user, Optional<Long> group, Optional<FileMode> mode) {
    long userOr(long other) {
      return user.orElse(other);
    }

    long groupOr(long other) {
      return group.orElse(other);
    }

    int modeOf(int former, boolean directory) {
      return mode.map(change -> change.of(former, directory)).orElse(former & 07777);
    }
  }

  void directory(String path, int mode, FileTime time) throws IOException {
    put(entry(path + "/", TarConstants.LF_DIR, mode, time), InputStream.nullInputStream());
  }

  void link(String path, String target, FileTime time) throws IOException {
    var entry = entry(path, TarConstants.LF_SYMLINK, 0777, time);
    entry.setLinkName(target);
    put(entry, InputStream.nullInputStream());
  }

  void file(String path, int mode, FileTime time, long size, InputStream content)
      throws IOException {
    var entry = entry(path, TarConstants.LF_NORMAL, mode, time);
    entry.setSize(size);
    put(entry, content);
  }

  void file(String path, byte[] content) throws IOException {
    file(path, 0644, FileTime.fromMillis(0), content.length, new ByteArrayInputStream(content));
  }

  private TarArchiveEntry entry(String path, byte kind, int mode, FileTime time) {
    var entry = new TarArchiveEntry(relative(path), kind);
    entry.setMode(
        kind == TarConstants.LF_SYMLINK ? mode : ownership.modeOf(mode, isDirectory(kind)));
    entry.setUserId(ownership.userOr(0));
    entry.setGroupId(ownership.groupOr(0));
    entry.setModTime(time);
    return entry;
  }

  /** An entry of another tar under a name, and with an owner, of its own. */
  void copy(TarArchiveEntry from, String path, String linkTarget, boolean keepOwner, InputStream in)
      throws IOException {
    byte kind = from.getLinkFlag();
    var entry = new TarArchiveEntry(relative(path) + (from.isDirectory() ? "/" : ""), kind);
    entry.setMode(
        from.isSymbolicLink() ? 0777 : ownership.modeOf(from.getMode(), from.isDirectory()));
    entry.setUserId(ownership.userOr(keepOwner ? from.getLongUserId() : 0));
    entry.setGroupId(ownership.groupOr(keepOwner ? from.getLongGroupId() : 0));
    entry.setModTime(from.getLastModifiedTime());
    entry.setDevMajor(from.getDevMajor());
    entry.setDevMinor(from.getDevMinor());
    if (from.isSymbolicLink() || from.isLink()) {
      entry.setLinkName(from.isLink() ? relative(linkTarget) : linkTarget);
    } else if (from.isFile()) {
      entry.setSize(from.getSize());
    }
    from.getExtraPaxHeaders()
        .forEach((name, value) -> {
          if (name.startsWith("SCHILY.xattr.")) {
            entry.addPaxHeader(name, value);
          }
        });
    put(entry, from.isFile() && !from.isLink() ? in : InputStream.nullInputStream());
  }

  private void put(TarArchiveEntry entry, InputStream content) throws IOException {
    bytes += entry.getSize();
    if (bytes > LIMIT) {
      throw new BuildException(
          "'"
              + entry.getName()
              + "': one instruction cannot copy anything larger than "
              + LIMIT
              + " bytes");
    }
    tar.putArchiveEntry(entry);
    add(entry.getName());
    add(
        "%c %o %d %d %d %s"
            .formatted(
                (char) entry.getLinkFlag(),
                entry.getMode(),
                entry.getLongUserId(),
                entry.getLongGroupId(),
                entry.getSize(),
                entry.getLinkName()));
    byte[] buffer = new byte[64 << 10];
    long left = entry.getSize();
    for (int n;
        left > 0 && (n = content.read(buffer, 0, (int) Math.min(left, buffer.length))) > 0; ) {
      digest.update(buffer, 0, n);
      tar.write(buffer, 0, n);
      left -= n;
    }
    if (left > 0) {
      throw new IOException("'" + entry.getName() + "' became shorter while it was copied");
    }
    tar.closeArchiveEntry();
  }

  private void add(String part) {
    byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
    digest.update(bytes);
  }

  private static boolean isDirectory(byte kind) {
    return kind == TarConstants.LF_DIR;
  }

  private static String relative(String path) {
    int start = 0;
    while (start < path.length() && path.charAt(start) == '/') {
      start++;
    }
    return path.substring(start);
  }

  /** Of what was put so far. */
  String digest() {
    try {
      return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
    } catch (CloneNotSupportedException everySha256Can) {
      throw new IllegalStateException(everySha256Can);
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException everyJdkHasIt) {
      throw new IllegalStateException(everyJdkHasIt);
    }
  }

  @Override
  public void close() throws IOException {
    tar.close();
  }
}
