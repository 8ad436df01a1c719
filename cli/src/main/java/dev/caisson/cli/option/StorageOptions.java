/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.engine.text.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** What is mounted into a new container. */
final class StorageOptions {
  @Option(
      names = {"-v", "--volume"},
      paramLabel = "[SOURCE:]TARGET[:OPTIONS]",
      description = "a directory of the host, or a volume by name")
  List<String> volumes = new ArrayList<>();

  @Option(
      names = "--mount",
      paramLabel = "type=…,source=…,target=…",
      description = "bind, volume, tmpfs or image")
  List<String> mounts = new ArrayList<>();

  @Option(
      names = "--tmpfs",
      paramLabel = "TARGET[:OPTIONS]",
      description = "a file system in memory; may be repeated")
  List<String> tmpfs = new ArrayList<>();

  @Option(
      names = "--volumes-from",
      paramLabel = "CONTAINER[:ro]",
      description = "the mounts of another container; may be repeated")
  List<String> volumesFrom = new ArrayList<>();

  @Option(
      names = "--volume-driver",
      paramLabel = "NAME",
      description = "of volumes that are made for it")
  Optional<String> volumeDriver = Optional.empty();

  @Option(names = "--read-only", description = "the image's files cannot be changed")
  boolean readOnly;

  @Option(names = "--shm-size", paramLabel = "SIZE", description = "of its /dev/shm")
  Optional<String> sharedMemory = Optional.empty();

  @Option(
      names = "--storage-opt",
      paramLabel = "size=SIZE",
      description = "size=SIZE limits what it writes")
  List<String> storageOptions = new ArrayList<>();

  StorageSpec spec(Console console) {
    var all = new ArrayList<MountSpec>();
    var anonymous = new ArrayList<String>();
    for (var text : volumes) {
      if (text.indexOf(':') < 0) {
        anonymous.add(text);
      } else {
        all.add(MountWords.volume(text, console.directory()));
      }
    }
    mounts.forEach(text -> all.add(MountWords.mount(text, console.directory())));
    for (var text : tmpfs) {
      int colon = text.indexOf(':');
      all.add(
          new MountSpec.Tmpfs(
              colon < 0 ? text : text.substring(0, colon),
              false,
              OptionalLong.empty(),
              OptionalInt.empty(),
              colon < 0 ? "" : text.substring(colon + 1)));
    }
    return new StorageSpec(
        all,
        anonymous,
        volumesFrom,
        volumeDriver,
        readOnly,
        sharedMemory.map(ByteSize::parse).orElse(0L),
        KeyValues.map(storageOptions),
        Optional.empty());
  }
}
