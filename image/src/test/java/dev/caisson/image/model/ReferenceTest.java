/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.image.ImageException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReferenceTest {
  private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @CsvSource({
    "busybox, docker.io/library/busybox:latest, busybox:latest",
    "busybox:1.36, docker.io/library/busybox:1.36, busybox:1.36",
    "me/app, docker.io/me/app:latest, me/app:latest",
    "docker.io/busybox, docker.io/library/busybox:latest, busybox:latest",
    "index.docker.io/busybox, docker.io/library/busybox:latest, busybox:latest",
    "library/busybox, docker.io/library/busybox:latest, busybox:latest",
    "localhost/app, localhost/app:latest, localhost/app:latest",
    "localhost:5000/app:x, localhost:5000/app:x, localhost:5000/app:x",
    "host.example/a/b/c, host.example/a/b/c:latest, host.example/a/b/c:latest",
    "Host/app, Host/app:latest, Host/app:latest",
    "[::1]:5000/app, [::1]:5000/app:latest, [::1]:5000/app:latest",
    "a__b/c---d/e.f, docker.io/a__b/c---d/e.f:latest, a__b/c---d/e.f:latest",
  })
  void namesAreCompletedAsDockerDoes(String text, String full, String familiar) {
    var reference = Reference.parse(text);
    assertThat(reference).hasToString(full);
    assertThat(reference.familiar()).isEqualTo(familiar);
    assertThat(Reference.parse(full)).isEqualTo(reference);
    assertThat(Reference.parse(familiar)).isEqualTo(reference);
  }

  @Test
  void aDigestAloneHasNoTag() {
    var reference = Reference.parse("app@" + DIGEST);
    assertThat(reference.tag()).isEmpty();
    assertThat(reference.tagOrDigest()).isEqualTo(DIGEST);
    assertThat(Reference.parse("app:1@" + DIGEST).tag()).contains("1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "a:",
        "a@",
        "App",
        "a/",
        "/a",
        "a//b",
        "a..b",
        "a___b",
        "-a",
        "a-",
        "a/../b",
        "a b",
        "a:b c",
        "a@sha256:00",
        "a@md5:00",
        "host:port/app",
        "https://host/app",
        "a\u0000b",
        "é",
        "-host.example/app",
        "host-.example/app",
        "host.example:/app",
        "host.example:999999/app",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      })
  void whatIsNoNameIsRefused(String text) {
    assertThatThrownBy(() -> Reference.parse(text)).isInstanceOf(ImageException.class);
  }

  @Test
  void namesAreNotLongerThan255Characters() {
    assertThatThrownBy(() -> Reference.parse("a".repeat(256))).isInstanceOf(ImageException.class);
  }

  @Test
  void anyTextIsParsedStablyOrRefused() {
    var random = new Random(160);
    var alphabet = "ab0-_./:@[]A sha256\u0000é";
    for (int i = 0; i < 50_000; i++) {
      var text = new StringBuilder();
      int length = random.nextInt(24);
      for (int j = 0; j < length; j++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        var reference = Reference.parse(text.toString());
        assertThat(Reference.parse(reference.toString())).isEqualTo(reference);
        assertThat(Reference.parse(reference.familiar())).isEqualTo(reference);
      } catch (ImageException _) {
        // refused, which is as good
      }
    }
  }
}
