/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.file.ChainTree;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

@Command(name = "tree", description = "Draw which disk file stands on which")
final class TreeDisk extends DiskCommand {
  private String[] files = {};

  @Override
  void declare(Words words) {
    words.arguments(
        "FILE",
        "files and folders; default: this folder",
        0,
        value -> files = Words.appended(files, value));
  }

  @Override
  int run() {
    List<Path> paths =
        files.length == 0
            ? List.of(console().directory())
            : Stream.of(files).map(this::path).toList();
    var tree = ChainTree.of(paths);
    if (json()) {
      tell(
          tree.members().stream()
              .map(member ->
                  document(
                      "filename", member.path().toString(),
                      "format", member.format(),
                      "virtual-size", member.size(),
                      "actual-size", member.space(),
                      "backing-filename", member.base().map(Path::toString).orElse("")))
              .toList());
    } else {
      tree.draw(console().directory()).forEach(this::print);
    }
    return 0;
  }
}
