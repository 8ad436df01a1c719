/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Options of qemu-img, typed to both programs: the same result, or an error that helps. */
@Tag("integration")
class QemuImgOptionsTest {
  private static final String SECRET = "secret,id=s,data=open sesame";

  @TempDir Path folder;
  private QemuImg images;

  @BeforeEach
  void makeAChain() throws IOException {
    QemuImg.require();
    images = new QemuImg(folder);
    images.qemu("create", "-q", "-f", "qcow2", "base", "3M");
    images.fill("qcow2", "base");
    images.qemu("create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", "mid");
    images.io("write -P 7 640k 100k", "qcow2", "mid");
    images.qemu("create", "-q", "-f", "qcow2", "-b", "mid", "-F", "qcow2", "top", "4M");
    images.io("write -P 8 700k 10k", "qcow2", "top");
    images.io("write -z 1M 64k", "qcow2", "top");
    images.io("write -P 9 3500k 64k", "qcow2", "top");
  }

  @ParameterizedTest(name = "convert {0}")
  @ValueSource(
      strings = {
        "-O qcow2 top",
        "-O qcow2 -W -m 4 -t none -T writeback -C top",
        "-O qcow2 -S 0 top",
        "-O qcow2 -S 64k top",
        "-O qcow2 -B mid -F qcow2 top",
        "-O qcow2 -B base -F qcow2 mid",
        "-c -O qcow2 -B mid -F qcow2 top",
        "-O qcow2 -r 1G top",
        "-O qcow2 base top mid",
        "-O raw mid base",
        "-O qcow2 -o cluster_size=4k,preallocation=metadata base",
        "-O qcow2 --salvage top"
      })
  void aConversionHoldsTheSameInAsManyClusters(String words) throws IOException {
    images.must(("convert " + words + " ours").split(" "));
    images.qemu(("convert " + words + " theirs").split(" "));
    images.qemu("compare", "ours", "theirs");
    if (words.contains("-O qcow2")) {
      assertThat(allocated("ours")).isEqualTo(allocated("theirs"));
    }
  }

  private Object allocated(String file) throws IOException {
    String told = images.qemu("check", "--output=json", file);
    var found = Pattern.compile("\"allocated-clusters\": (\\d+)").matcher(told);
    return found.find() ? found.group(1) : "none";
  }

  @Test
  void aConversionIntoWhatExistsKeepsWhatIsNotWritten() throws IOException {
    for (String file : List.of("ours", "theirs")) {
      images.qemu("create", "-q", "-f", "qcow2", file, "5M");
    }
    images.must("convert", "-n", "--target-is-zero", "-O", "qcow2", "top", "ours");
    images.qemu("convert", "-n", "--target-is-zero", "-O", "qcow2", "top", "theirs");
    images.qemu("compare", "ours", "theirs");
    assertThat(allocated("ours")).isEqualTo(allocated("theirs"));
  }

  @Test
  void aConversionTakesASnapshotByNameOrId() throws IOException {
    images.qemu("snapshot", "-c", "one", "top");
    images.qemu("convert", "-O", "raw", "top", "before");
    images.io("write -P 99 0 1M", "qcow2", "top");
    for (String how : List.of("one", "1", "snapshot.name=one", "snapshot.id=1,snapshot.name=one")) {
      images.must("convert", "-l", how, "-O", "raw", "top", "ours");
      images.qemu("compare", "ours", "before");
      images.sameJson("measure", "-O", "qcow2", "--output=json", "-l", how, "top");
    }
    assertThat(images.ours("convert", "-l", "two", "top", "x").err()).contains("no snapshot 'two'");
  }

  @Test
  void aRateIsKept() {
    long start = System.nanoTime();
    images.must("convert", "-r", "8M", "-O", "raw", "top", "ours");
    assertThat(System.nanoTime() - start).isGreaterThan(450_000_000L); // 4 MiB
  }

  @Test
  void whatCannotBeReadIsZeroWhenSalvaged() throws IOException {
    images.qemu("convert", "-c", "-O", "qcow2", "base", "packed");
    byte[] bytes = Files.readAllBytes(folder.resolve("packed"));
    int table = (int) ByteBuffer.wrap(bytes).getLong((int) ByteBuffer.wrap(bytes).getLong(40));
    int packed = (int) (ByteBuffer.wrap(bytes).getLong(table & 0xfffffe00) & 0xffffff);
    try (var file = FileChannel.open(folder.resolve("packed"), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1}), packed);
    }
    assertThat(images.sameCode("convert", "-O", "raw", "packed", "x")).isEqualTo(1);
    var ours = images.ours("convert", "--salvage", "-O", "raw", "packed", "ours");
    assertThat(ours.code()).isZero();
    assertThat(ours.err()).contains("65536 bytes could not be read");
    byte[] salvaged = Files.readAllBytes(folder.resolve("ours"));
    assertThat(Arrays.copyOf(salvaged, 65536)).containsOnly(0);
    assertThat(Arrays.copyOfRange(salvaged, 65536, 71680)).containsOnly(1); // QEMU loses this too
  }

  @Test
  void aDiskOfLuksIsDescribedAlike() throws IOException {
    create("luks", "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10");
    images.sameJson("info", "--output=json", "luks");
    assertThat(images.must("info", "luks")).isEqualTo(images.qemu("info", "luks"));
  }

  private void create(String file, String options) throws IOException {
    for (int i = 0; i < 10; i++) { // on a busy machine it cannot time its key derivation
      var made =
          images.theirs(
              "create", "-q", "--object", SECRET, "-f", "qcow2", "-o", options, file, "1M");
      if (made.code() == 0) {
        return;
      }
      assertThat(made.err()).contains("accurate CPU usage");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "top", "raw", "marked"})
  void infoMapAndSnapshotsAreToldInTheSameWords(String file) throws IOException {
    images.qemu("convert", "-O", "raw", "top", "raw");
    images.qemu("create", "-q", "-f", "qcow2", "marked", "1M");
    images.qemu("bitmap", "--add", "marked", "b");
    assertThat(images.must("map", file)).isEqualTo(images.qemu("map", file));
    assertThat(images.must("info", file)).isEqualTo(images.qemu("info", file));
    if (!file.equals("raw")) {
      images.qemu("snapshot", "-c", "one", file);
      assertThat(images.must("snapshot", "-l", file))
          .isEqualTo(images.qemu("snapshot", "-l", file));
      assertThat(images.must("info", file)).isEqualTo(images.qemu("info", file));
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "map packed",
        "compare -s base mid",
        "compare -s base same",
        "compare -s base wider",
        "compare -s base packed",
        "compare base same -T none",
        "compare base same -T strange",
        "rebase top",
        "rebase -u -b mid -F qcow2 -t none -T unsafe -f qcow2 top",
        "rebase -b absent -F qcow2 top",
        "commit -f raw top",
        "commit -b absent top",
        "commit -t strange top",
        "convert top",
        "convert -m 99 top x",
        "convert -t strange top x",
        "convert -T strange top x",
        "convert --target-is-zero -O qcow2 top x",
        "convert -n -o cluster_size=4k -O qcow2 top same",
        "convert -B mid -O qcow2 -F qcow2 top base x",
        "convert -O qcow2 -o cluster_size=77 top x",
        "convert -O qcow2 -o compat=9 top x",
        "convert -O qcow2 -o compression_type=none top x",
        "convert -O qcow2 -o strange=1 top x",
        "convert -O raw -o strange=1 top x",
        "convert -O strange top x",
        "convert -c -O raw top x",
        "convert -r 0 top x",
        "create -f raw -b base x 1M",
        "create -f raw -o preallocation=metadata x 1M",
        "create -f raw -o preallocation=falloc x 1M",
        "create -f qcow2 -o size=1M x",
        "create -f qcow2 -o help",
        "create -f qcow2 -u -b absent -F qcow2 x 1M",
        "create -f qcow2 -b absent -F qcow2 x 1M",
        "create -f qcow2 x",
        "dd if=top of=x bs=0",
        "dd if=top of=x bs=4G",
        "dd if=top of=x bs=-1",
        "dd if=top of=x skip=9999999",
        "dd if=top",
        "dd if=top of=x conv=sync",
        "measure top --size 1M",
        "measure",
        "measure -O strange top",
        "resize --preallocation=strange top 5M",
        "resize --preallocation=metadata base 4M",
        "resize base 1M",
        "resize base +x",
        "bench -c 10 -d 2 -s 4k --pattern=7 base",
        "bench -c 10 -d 2 -s 4k --flush-interval=5 base",
        "bench -c 100 -d 2 -s 4k -w --pattern=7 --flush-interval=10 -t unsafe --no-drain base",
        "snapshot -a absent base",
        "snapshot -d absent base",
        "check -T none base",
        "info absent",
        "map absent"
      })
  void bothEndWithTheSameCode(String words) throws IOException {
    images.qemu("convert", "-O", "qcow2", "base", "same");
    images.qemu("convert", "-c", "-O", "qcow2", "base", "packed");
    images.qemu("create", "-q", "-f", "qcow2", "wider", "8M");
    images.sameCode(words.split(" "));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "'info --image-opts driver=qcow2,file.filename=top', -f",
    "'convert --target-image-opts top x', -O",
    "'convert -O vmdk top x', qemu-img",
    "'create -f vdi x 1M', qemu-img",
    "'create -f qcow2 -o encrypt.format=luks x 1M', --key-file",
    "'create -f qcow2 -o encrypt.format=aes x 1M', luks",
    "'create --encrypt x 1M', -f luks",
    "'amend -o backing_file=x,backing_fmt=raw top', rebase",
    "'amend -o cluster_size=4k top', convert",
    "'rebase -U -b base -F qcow2 top', writes",
    "'rebase top', -b ''",
    "'create -f qcow2 -b base x', -F"
  })
  void whatIsNotOfferedNamesTheAlternative(String words, String alternative) {
    var answer = images.ours(words.split(" "));
    assertThat(answer.code()).isEqualTo(1);
    assertThat(answer.err()).contains(alternative).startsWith("caisson: ");
  }

  @Test
  void aBaseFurtherDownTakesAllThatStandsOnIt() throws IOException {
    images.qemu("convert", "-O", "raw", "top", "expected");
    for (String file : List.of("base", "mid", "top")) {
      Files.copy(folder.resolve(file), folder.resolve(file + ".kept"));
    }
    images.must("commit", "-b", "base", "top");
    images.qemu("compare", "base", "expected");
    images.qemu("check", "base");
    for (String file : List.of("base", "mid", "top")) {
      Files.move(
          folder.resolve(file + ".kept"),
          folder.resolve(file),
          java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
    images.qemu("commit", "-b", "base", "top");
    images.qemu("compare", "base", "expected");
  }

  @ParameterizedTest(name = "dd {0}")
  @ValueSource(
      strings = {
        "bs=512 count=1300",
        "bs=64k skip=3",
        "bs=1M count=99",
        "bs=1536 skip=1",
        "bs=7M",
        "count=9999999999999999 skip=0",
        "skip=99999999999999"
      })
  void ddCopiesTheSame(String operands) throws IOException {
    images.must(("dd -f qcow2 -O raw if=top of=ours " + operands).split(" "));
    images.qemu(("dd -f qcow2 -O raw if=top of=theirs " + operands).split(" "));
    assertThat(Files.readAllBytes(folder.resolve("ours")))
        .isEqualTo(Files.readAllBytes(folder.resolve("theirs")));
  }

  /** QEMU 7.2 counts blocks from the disk's start even after skipping some; dd(1) does not. */
  @ParameterizedTest(name = "dd {0}")
  @ValueSource(strings = {"bs=512 count=9 skip=1300", "bs=1000 count=3 skip=1"})
  void ddCountsFromWhereItBegins(String operands) throws IOException {
    images.qemu("convert", "-O", "raw", "top", "flat");
    images.must(("dd -f qcow2 -O raw if=top of=ours " + operands).split(" "));
    images.run(("dd status=none if=flat of=theirs " + operands).split(" "));
    assertThat(Files.readAllBytes(folder.resolve("ours")))
        .isEqualTo(Files.readAllBytes(folder.resolve("theirs")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"metadata", "falloc", "full"})
  void whatADiskGrowsByCanBePreallocated(String how) throws IOException {
    Files.copy(folder.resolve("base"), folder.resolve("theirs"));
    images.must("resize", "--preallocation=" + how, "base", "8M");
    images.qemu("resize", "--preallocation=" + how, "theirs", "8M");
    images.qemu("compare", "base", "theirs");
    assertThat(allocated("base")).isEqualTo(allocated("theirs"));
  }

  /** The free clusters that new ones are made of hold what was there before. */
  @Test
  void preallocatedClustersReadAsZeroWhereverTheyCameFrom() throws IOException {
    images.io("write -P 55 0 3M", "qcow2", "base");
    images.must("resize", "--shrink", "base", "64k");
    images.must("resize", "--preallocation=metadata", "base", "3M");
    assertThat(
            images.run("qemu-io", "-c", "read -P 0 64k 3008k", folder.resolve("base") + "").out())
        .contains("3080192/3080192")
        .doesNotContain("failed");
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(
      strings = {
        "convert -p -O qcow2 top x",
        "convert -p -c -O qcow2 top x",
        "compare -p base same",
        "rebase -p -b base -F qcow2 top",
        "rebase -p -b base -F qcow2 mid",
        "commit -p top"
      })
  void progressGoesFromNothingToAll(String words) throws IOException {
    images.qemu("convert", "-O", "qcow2", "base", "same");
    String told = images.must(words.split(" "));
    double last = -1;
    var each = Pattern.compile("\\(([0-9.]+)/100%\\)\r").matcher(told);
    while (each.find()) {
      double now = Double.parseDouble(each.group(1));
      assertThat(now).isGreaterThan(last);
      last = now;
    }
    assertThat(last).isEqualTo(100);
    assertThat(images.ours(words.replace("-p", "-q -p").split(" ")).out()).doesNotContain("/100%");
  }

  @Test
  void benchWritesTheBytesAskedFor() throws IOException {
    images.must("bench", "-q", "-w", "-c", "16", "-s", "64k", "--pattern", "77", "base");
    assertThat(images.run("qemu-io", "-c", "read -P 77 0 1M", folder.resolve("base") + "").out())
        .doesNotContain("failed");
    images.qemu("check", "base");
  }
}
