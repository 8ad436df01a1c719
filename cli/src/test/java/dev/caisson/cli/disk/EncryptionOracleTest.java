/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.MemoryConsole;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Encrypted disks that either program made, used by the other. */
@Tag("integration")
class EncryptionOracleTest {
  private static final String FAST = "iter-time=10";

  @TempDir Path folder;
  private QemuImg images;

  @BeforeEach
  void makeKeys() throws IOException {
    QemuImg.require();
    images = new QemuImg(folder);
    Files.writeString(folder.resolve("key"), "open sesame");
    Files.writeString(folder.resolve("key2"), "open, barley");
    images.qemu("create", "-q", "-f", "raw", "plain", "3M");
    images.fill("raw", "plain");
  }

  private static String driver(String format) {
    return format.equals("luks") ? "driver=luks,key-secret=s" : "driver=qcow2,encrypt.key-secret=s";
  }

  private static String prefix(String format) {
    return format.equals("luks") ? "" : "encrypt.";
  }

  /** QEMU reads from the file what the plain disk holds. */
  private void qemuReads(String format, String file, String key) throws IOException {
    var answer =
        images.theirs(
            "compare",
            "--image-opts",
            "--object",
            "secret,id=s,file=" + folder.resolve(key),
            driver(format) + ",file.filename=" + folder.resolve(file),
            "driver=raw,file.filename=" + folder.resolve("plain"));
    assertThat(answer.out() + answer.err()).contains("identical");
  }

  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({
    "luks, ''",
    "luks, 'cipher-alg=aes-128'",
    "luks, 'cipher-mode=cbc,ivgen-alg=essiv,ivgen-hash-alg=sha256'",
    "luks, 'cipher-alg=aes-128,cipher-mode=cbc,ivgen-alg=plain,hash-alg=sha1'",
    "luks, 'hash-alg=sha512'",
    "qcow2, ''",
    "qcow2, 'encrypt.cipher-alg=aes-128,encrypt.hash-alg=sha512'",
    "qcow2, 'encrypt.cipher-mode=cbc,encrypt.ivgen-alg=plain64,cluster_size=4k'"
  })
  void whatOneMadeTheOtherReads(String format, String more) throws IOException {
    String options =
        prefix(format)
            + "key-secret=s,"
            + prefix(format)
            + FAST
            + (more.isEmpty() ? "" : "," + more);
    String type = format.equals("qcow2") ? "encrypt.format=luks," : "";
    images.must(
        "convert",
        "--object",
        "secret,id=s,file=key",
        "-O",
        format,
        "-o",
        type + options,
        "plain",
        "ours");
    qemuReads(format, "ours", "key");
    images.sameJson("info", "--output=json", "ours");
    qemuMakes(
        "convert",
        "--object",
        "secret,id=s,file=key",
        "-O",
        format,
        "-o",
        type + options,
        "plain",
        "theirs");
    images.must("compare", "--key-file", "key", "theirs", "plain");
    images.must("convert", "--key-file", "key", "-O", "raw", "theirs", "copy");
    assertThat(Files.mismatch(folder.resolve("copy"), folder.resolve("plain"))).isEqualTo(-1);
    images.sameJson("info", "--output=json", "theirs");
    assertThat(images.must("info", "theirs")).isEqualTo(images.qemu("info", "theirs"));
    if (format.equals("qcow2")) {
      assertThat(images.must("check", "ours")).contains("No errors");
    }
  }

  /** On a busy machine QEMU cannot time its key derivation. */
  private void qemuMakes(String... words) throws IOException {
    for (int i = 0; i < 20; i++) {
      var made = images.theirs(words);
      if (made.code() == 0) {
        return;
      }
      assertThat(made.err()).contains("accurate CPU usage");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"luks", "qcow2"})
  void keysAreAddedAndErased(String format) throws IOException {
    String at = prefix(format);
    images.must(
        "convert",
        "--encrypt",
        "--key-file",
        "key",
        "-O",
        format,
        "-o",
        at + FAST,
        "plain",
        "disk");
    images.must(
        "amend",
        "--key-file",
        "key",
        "--new-key-file",
        "key2",
        "-o",
        at + "state=active," + at + FAST,
        "disk");
    qemuReads(format, "disk", "key2");
    images.sameJson("info", "--output=json", "disk");
    images.must(
        "amend",
        "--object",
        "secret,id=o,file=key",
        "-o",
        at + "state=inactive," + at + "old-secret=o",
        "disk");
    qemuReads(format, "disk", "key2");
    assertThat(images.ours("convert", "--key-file", "key", "disk", "x").err())
        .contains("no key slot");
    var last = images.ours("amend", "-o", at + "state=inactive," + at + "keyslot=1", "disk");
    assertThat(last.code()).isEqualTo(1);
    assertThat(last.err()).contains("last key");
    // QEMU adds one of its own to what we left.
    qemuMakes(
        "amend",
        "--object",
        "secret,id=s,file=key2",
        "--object",
        "secret,id=n,file=key",
        "--image-opts",
        "-o",
        at + "state=active," + at + "new-secret=n," + at + FAST,
        driver(format) + ",file.filename=" + folder.resolve("disk"));
    images.must("compare", "--key-file", "key", "disk", "plain");
  }

  @Test
  void everyVerbThatReadsTakesAKey() throws IOException {
    images.must(
        "convert",
        "--encrypt",
        "--key-file",
        "key",
        "-O",
        "qcow2",
        "-o",
        "encrypt." + FAST,
        "plain",
        "base");
    images.must(
        "create",
        "-q",
        "-f",
        "qcow2",
        "-b",
        "base",
        "-F",
        "qcow2",
        "--encrypt",
        "--key-file",
        "key2",
        "-o",
        "encrypt." + FAST,
        "top");
    String[] both = {"--key-file", "key", "--key-file", "key2"};
    images.must(with(both, "compare", "top", "plain"));
    images.must(with(both, "bench", "-q", "-c", "10", "-w", "-s", "64k", "--pattern", "9", "top"));
    images.must(with(both, "convert", "-O", "raw", "top", "changed"));
    images.must(with(both, "dd", "if=top", "of=copy", "bs=1M"));
    assertThat(Files.mismatch(folder.resolve("copy"), folder.resolve("changed"))).isEqualTo(-1);
    images.must(with(both, "commit", "top"));
    images.must(with(both, "compare", "base", "changed"));
    images.must(with(both, "rebase", "-b", "", "top"));
    images.must(with(both, "compare", "top", "changed"));
    images.must(with(both, "resize", "top", "4M"));
    for (String words :
        List.of(
            "check top",
            "info top",
            "map --output=json top",
            "snapshot -c a top",
            "measure -O qcow2 top",
            "bitmap --add top b")) {
      images.must(words.split(" "));
    }
    var without = images.ours("convert", "top", "x");
    assertThat(without.code()).isEqualTo(1);
    assertThat(without.err()).contains("--key-file");
  }

  private static String[] with(String[] keys, String verb, String... rest) {
    List<String> words = new ArrayList<>(List.of(verb));
    words.addAll(List.of(keys));
    words.addAll(List.of(rest));
    return words.toArray(String[]::new);
  }

  @Test
  void aSizeIsMeasuredAsByQemu() throws IOException {
    for (String words :
        List.of(
            "measure --object secret,id=s,file=key -O luks -o key-secret=s --size 1G --output=json",
            "measure --object secret,id=s,file=key -O qcow2 -o encrypt.format=luks,encrypt.key-secret=s --size 1G --output=json")) {
      images.sameJson(words.split(" "));
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "'create -f luks x 1M', --key-file",
    "'create --encrypt --key-file absent -f qcow2 x 1M', absent",
    "'create --encrypt --key-env CAISSON_NO_SUCH -f qcow2 x 1M', CAISSON_NO_SUCH",
    "'create -f luks -o key-secret=s x 1M', id=s",
    "'create -f luks --key-file key -o cipher-alg=serpent-256 x 1M', aes-128",
    "'create -f luks --key-file key -o hash-alg=ripemd160 x 1M', sha256",
    "'create -f luks --key-file key -o iter-time=0 x 1M', milliseconds",
    "'create -f luks --key-file key -o strange=1 x 1M', help",
    "'create -f qcow2 --encrypt --key-file key -o preallocation=metadata x 1M', preallocation",
    "'create -f qcow2 --encrypt --key-file key -o data_file=d x 1M', data file",
    "'convert --encrypt --key-file key -c -O qcow2 plain x', compressed",
    "'create --object secret,id=s,keyid=t -f luks x 1M', keyid",
    "'create --object throttle-group,id=s -f luks x 1M', secret"
  })
  void aRefusalNamesTheRemedy(String words, String remedy) {
    var answer = images.ours(words.split(" "));
    assertThat(answer.code()).isEqualTo(1);
    assertThat(answer.err()).contains(remedy).startsWith("caisson: ");
  }

  @Test
  void aPassphraseOnTheCommandLineIsWarnedOf() {
    var answer =
        images.ours(
            "create",
            "--object",
            "secret,id=s,data=abc",
            "-f",
            "luks",
            "-o",
            "key-secret=s," + FAST,
            "x",
            "1M");
    assertThat(answer.code()).isZero();
    assertThat(answer.err()).contains("seen by every user");
  }

  @Test
  void standardInputIsAKeyFile() throws IOException {
    var console = new MemoryConsole("open sesame", folder);
    assertThat(
            DiskMain.run(
                console,
                "convert",
                "--encrypt",
                "--key-file",
                "-",
                "-O",
                "luks",
                "-o",
                FAST,
                "plain",
                "disk"))
        .isZero();
    qemuReads("luks", "disk", "key");
  }
}
