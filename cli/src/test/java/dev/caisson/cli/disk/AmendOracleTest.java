/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What amend and bitmap do to a disk is what qemu-img's do to a copy of it. */
@Tag("integration")
class AmendOracleTest {
  @TempDir Path folder;
  private QemuImg images;

  @BeforeEach
  void makeDisks() throws IOException {
    QemuImg.require();
    images = new QemuImg(folder);
    images.qemu("create", "-q", "-f", "qcow2", "base", "3M");
    images.fill("qcow2", "base");
    images.qemu("create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "disk");
    images.io("write -P 7 640k 100k", "qcow2", "disk");
    images.io("write -z 1M 64k", "qcow2", "disk");
    images.qemu("create", "-q", "-f", "qcow2", "-o", "compat=0.10", "old", "2M");
    images.io("write -P 3 0 100k", "qcow2", "old");
    images.qemu("snapshot", "-c", "before", "old");
    images.qemu(
        "create", "-q", "-f", "qcow2", "-o", "data_file=raw,data_file_raw=on", "apart", "2M");
    images.qemu("create", "-q", "-f", "raw", "plain", "2M");
    Files.copy(folder.resolve("raw"), folder.resolve("other"));
  }

  /** The words, with FILE in the file's place, typed to both; each to a copy of its own. */
  private void bothDo(String file, String words) throws IOException {
    Path kept = folder.resolve("kept");
    Files.copy(folder.resolve(file), kept, StandardCopyOption.REPLACE_EXISTING);
    var theirs = images.theirs(words.replace("FILE", file).split(" "));
    var expected = state(file);
    Files.copy(kept, folder.resolve(file), StandardCopyOption.REPLACE_EXISTING);
    var ours = images.ours(words.replace("FILE", file).split(" "));
    assertThat(ours.code())
        .as("%s: %s%s but qemu-img: %s", words, ours.out(), ours.err(), theirs.err())
        .isEqualTo(theirs.code());
    if (ours.code() != 0) {
      assertThat(ours.err()).startsWith("caisson: ");
    }
    assertThat(state(file)).as(words).isEqualTo(expected);
    if (!file.equals("plain")) {
      images.qemu("check", file);
    }
  }

  /** What qemu-img tells of a file, and a digest of what it reads as. */
  private Object state(String file) throws IOException {
    var told = JsonReader.parse(images.qemu("info", "--output=json", "-U", file));
    images.qemu("convert", "-O", "raw", file, "contents");
    return List.of(
        without(told), java.util.Arrays.hashCode(Files.readAllBytes(folder.resolve("contents"))));
  }

  private static Object without(Object value) {
    return switch (value) {
      case Map<?, ?> map -> {
        var fields = new TreeMap<String, Object>();
        map.forEach((name, field) -> fields.put((String) name, without(field)));
        fields.remove("actual-size");
        yield fields;
      }
      case List<?> list -> new ArrayList<>(list.stream().map(AmendOracleTest::without).toList());
      default -> value;
    };
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "disk|amend -o lazy_refcounts=on FILE",
        "disk|amend -o lazy_refcounts=off FILE",
        "disk|amend -f qcow2 -o refcount_bits=64 FILE",
        "disk|amend -o refcount_bits=8 FILE",
        "disk|amend -o refcount_bits=1 FILE",
        "disk|amend -o refcount_bits=3 FILE",
        "disk|amend -o refcount_bits=128 FILE",
        "disk|amend -o compat=0.10 FILE",
        "disk|amend -o compat=v2 FILE",
        "disk|amend -o compat=0.10,lazy_refcounts=on FILE",
        "disk|amend -o compat=1.1 FILE",
        "disk|amend -o compat=2.0 FILE",
        "disk|amend -o size=5M FILE",
        "disk|amend -o backing_file=other,backing_fmt=raw FILE",
        "disk|amend -o backing_fmt=qcow2 FILE",
        "disk|amend -o cluster_size=4k FILE",
        "disk|amend -o preallocation=metadata FILE",
        "disk|amend -o strange=1 FILE",
        "disk|amend -o data_file=other FILE",
        "disk|amend -o data_file_raw=on FILE",
        "disk|amend -o data_file_raw=off FILE",
        "disk|amend -o encrypt.state=inactive,encrypt.keyslot=0 FILE",
        "disk|amend FILE",
        "disk|amend -t strange -o compat=1.1 FILE",
        "disk|amend -p -q -t none -o compat=1.1 FILE",
        "old|amend -o compat=1.1 FILE",
        "old|amend -o compat=v3,lazy_refcounts=on,refcount_bits=32 FILE",
        "old|amend -o lazy_refcounts=on FILE",
        "old|amend -o refcount_bits=8 FILE",
        "old|amend -o compat=1.1,refcount_bits=1 FILE",
        "old|amend -o compat=0.10 FILE",
        "apart|amend -o data_file=other FILE",
        "apart|amend -o data_file_raw=off FILE",
        "apart|amend -o data_file_raw=on FILE",
        "apart|amend -o compat=0.10 FILE",
        "plain|amend -f raw -o size=4M FILE",
        "disk|bitmap --add FILE b",
        "disk|bitmap --add -g 512 FILE b",
        "disk|bitmap --add -g 1k --disable FILE b",
        "disk|bitmap --add -g 3k FILE b",
        "disk|bitmap --add -g 4G FILE b",
        "disk|bitmap --remove FILE b",
        "disk|bitmap --clear FILE b",
        "disk|bitmap --enable FILE b",
        "disk|bitmap FILE b",
        "disk|bitmap -g 4k --clear FILE b",
        "disk|bitmap --add -b base FILE b",
        "disk|bitmap --merge absent FILE b",
        "old|bitmap --add FILE b",
        "plain|bitmap --add FILE b",
        "plain|bitmap -f raw --add FILE b"
      })
  void aCopyOfTheDiskChangesAlike(String file, String words) throws IOException {
    bothDo(file, words);
  }

  @Test
  void zeroClustersAndSnapshotsOfVersionThreeGoToVersionTwo() throws IOException {
    images.io("write -z 2M 128k", "qcow2", "disk");
    bothDo("disk", "amend -o compat=0.10 FILE");
    bothDo("disk", "amend -o compat=1.1 FILE");
    images.qemu("snapshot", "-c", "now", "base");
    images.io("write -P 9 0 2M", "qcow2", "base");
    bothDo("base", "amend -o refcount_bits=2 FILE");
  }

  @Test
  void aWidthTooNarrowForTheSnapshotsIsRefused() throws IOException {
    images.qemu("snapshot", "-c", "now", "base");
    assertThat(images.sameCode("amend", "-o", "refcount_bits=1", "base")).isEqualTo(1);
    images.qemu("check", "base");
  }

  @Test
  void bitmapsAreAddedChangedAndRemovedAsByQemu() throws IOException {
    images.qemu("bitmap", "--add", "disk", "one");
    images.io("write -P 1 0 100k", "qcow2", "disk");
    images.qemu("bitmap", "--add", "-g", "1k", "--disable", "disk", "two");
    for (String words :
        List.of(
            "bitmap --add FILE one",
            "bitmap --add FILE three",
            "bitmap --merge one FILE two",
            "bitmap --merge one --clear FILE two",
            "bitmap --clear --merge one FILE two",
            "bitmap --enable FILE two",
            "bitmap --disable FILE one",
            "bitmap --remove FILE one",
            "bitmap --add --merge one --disable FILE three",
            "bitmap --remove FILE absent")) {
      bothDo("disk", words);
      assertThat(dirty("disk", "two")).as(words).isNotNull();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"one", "two"})
  void whatABitmapHoldsIsReadByQemu(String name) throws IOException {
    images.must("bitmap", "--add", "-g", "4k", "disk", name);
    images.io("write -P 1 96k 8k", "qcow2", "disk");
    images.must("bitmap", "--add", "-g", "64k", "--merge", name, "disk", "wide");
    assertThat(dirty("disk", name)).contains("98304+8192");
    assertThat(dirty("disk", "wide")).contains("65536+65536");
    images.must("bitmap", "--add", "-b", "disk", "-F", "qcow2", "--merge", "wide", "base", "taken");
    assertThat(dirty("base", "taken")).contains("65536+65536");
    images.qemu("check", "disk");
    images.qemu("check", "base");
  }

  /** Dirty ranges as our server tells them; what QEMU wrote is read so too. */
  private List<String> dirty(String file, String name) {
    try (var disk =
        dev.caisson.disk.file.DiskFiles.open(
            folder.resolve(file), dev.caisson.disk.file.DiskOptions.READ)) {
      List<String> ranges = new ArrayList<>();
      for (var bitmap : ((dev.caisson.disk.DirtyBitmaps) disk).dirtyBitmaps()) {
        for (long at = 0; at < disk.size() && bitmap.name().equals(name); ) {
          long end = bitmap.runEnd(at, disk.size());
          if (bitmap.dirty(at)) {
            ranges.add(at + "+" + (end - at));
          }
          at = end;
        }
      }
      return ranges;
    }
  }

  @ParameterizedTest(name = "convert {0}")
  @ValueSource(
      strings = {
        "--bitmaps -O qcow2 disk",
        "--bitmaps -O qcow2 -B base -F qcow2 disk",
        "--bitmaps -O raw disk",
        "--skip-broken-bitmaps -O qcow2 disk",
        "--bitmaps -O qcow2 -o compat=0.10 disk",
        "--bitmaps -O qcow2 plain"
      })
  void bitmapsAreCopied(String words) throws IOException {
    images.qemu("bitmap", "--add", "-g", "32k", "disk", "one");
    images.io("write -P 1 0 100k", "qcow2", "disk");
    images.qemu("bitmap", "--add", "--disable", "disk", "two");
    var theirs = images.theirs(("convert " + words + " copy").split(" "));
    var expected = theirs.code() == 0 ? state("copy") : null;
    Files.deleteIfExists(folder.resolve("copy"));
    var ours = images.ours(("convert " + words + " copy").split(" "));
    assertThat(ours.code()).as(ours.err() + theirs.err()).isEqualTo(theirs.code());
    if (ours.code() == 0) {
      assertThat(state("copy")).isEqualTo(expected);
      images.qemu("check", "copy");
      assertThat(dirty("copy", "one")).isEqualTo(dirty("disk", "one"));
    }
  }
}
