/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.storage.FileStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Which file of a set stands on which, with the space each one adds. */
public final class ChainTree {

  /**
   * One file.
   *
   * @param base the file it stands on; empty at the bottom
   * @param size of the disk in bytes
   * @param space bytes the file takes on the host
   * @param problem why it could not be read
   */
  public record Member(
      Path path,
      String format,
      Optional<Path> base,
      long size,
      long space,
      Optional<String> problem) {}

  private final Map<Path, Member> members = new LinkedHashMap<>();

  private ChainTree() {}

  /** Looks at these files, at all images in folders among them, and at every base they name. */
  public static ChainTree of(List<Path> paths) {
    var tree = new ChainTree();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        try (var files = Files.list(path)) {
          files.filter(ChainTree::isImage).sorted().forEach(tree::add);
        } catch (IOException failure) {
          throw DiskException.io(path.toString(), failure);
        }
      } else {
        tree.add(path);
      }
    }
    return tree;
  }

  /** In a folder, whatever is not known is not a disk; raw disks appear as somebody's base. */
  private static boolean isImage(Path path) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (var file = FileStorage.open(path, false, FileStorage.Sharing.UNLOCKED)) {
      return FormatProbe.of(file) != DiskFormat.RAW;
    } catch (DiskException unreadable) {
      return false;
    }
  }

  /** All files, those given first. */
  public List<Member> members() {
    return List.copyOf(members.values());
  }

  private void add(Path given) {
    Optional<Path> next = Optional.of(given);
    while (next.isPresent()) {
      Path path = next.get().toAbsolutePath().normalize();
      if (members.containsKey(path)) {
        return;
      }
      Member member = look(path);
      members.put(path, member);
      next = member.base();
    }
  }

  private static Member look(Path path) {
    var options = DiskOptions.READ.withAlone(true).withUnlocked(true);
    try (var disk = DiskFiles.open(path, options)) {
      Optional<Path> base = Optional.empty();
      if (disk instanceof Qcow2Disk image && image.baseName().isPresent()) {
        base = Optional.of(BasePolicy.LOCAL.permit(path, image.baseName().get()));
      }
      return new Member(path, disk.format(), base, disk.size(), space(path), Optional.empty());
    } catch (DiskException problem) {
      String format = DiskFormat.QCOW2.label();
      return new Member(
          path, format, Optional.empty(), 0, 0, Optional.of(String.valueOf(problem.getMessage())));
    }
  }

  /** Bytes on the host, where the file system tells; else the file's length. */
  public static long space(Path path) {
    try {
      return FileStorage.spaceOf(path);
    } catch (IOException unknown) {
      return 0;
    }
  }

  /**
   * Draws the trees, bases first.
   *
   * @param folder names are shown relative to it where they lie beneath it
   */
  public List<String> draw(Path folder) {
    Map<Path, List<Member>> children = new TreeMap<>();
    List<Member> roots = new ArrayList<>();
    for (Member member : members.values()) {
      if (member.base().isPresent() && members.containsKey(normal(member.base().get()))) {
        children
            .computeIfAbsent(normal(member.base().get()), absent -> new ArrayList<>())
            .add(member);
      } else {
        roots.add(member);
      }
    }
    List<String> lines = new ArrayList<>();
    for (Member root : roots) {
      drawFrom(root, "", "", folder, children, lines);
    }
    return lines;
  }

  private static Path normal(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private static void drawFrom(
      Member root,
      String firstIndent,
      String indent,
      Path folder,
      Map<Path, List<Member>> children,
      List<String> lines) {
    record Item(Member member, String first, String rest) {}
    List<Item> stack = new ArrayList<>(List.of(new Item(root, firstIndent, indent)));
    while (!stack.isEmpty()) { // not recursive: a chain may be deeper than a stack
      Item item = stack.removeLast();
      lines.add(item.first + line(item.member, folder));
      List<Member> above = children.getOrDefault(item.member.path(), List.of());
      for (int i = above.size() - 1; i >= 0; i--) {
        boolean last = i == above.size() - 1;
        stack.add(
            new Item(
                above.get(i),
                item.rest + (last ? "└─ " : "├─ "),
                item.rest + (last ? "   " : "│  ")));
      }
    }
  }

  private static String line(Member member, Path folder) {
    Path shown =
        member.path().startsWith(folder) ? folder.relativize(member.path()) : member.path();
    return member
        .problem()
        .map(problem -> "%s (%s)".formatted(shown, problem))
        .orElseGet(() ->
            "%s  %s, %s of %s"
                .formatted(
                    shown,
                    member.format(),
                    ByteCount.of(member.space()),
                    ByteCount.of(member.size())));
  }
}
