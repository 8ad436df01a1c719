/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChallengeTest {
  @Test
  void severalChallengesInOneHeaderAreToldApart() {
    assertThat(
            Challenge.parse(
                List.of(
                    "Bearer realm=\"https://a.example/t?x=1,2\",service=\"a \\\"b\\\"\", Basic"
                        + " realm=simple, charset=UTF-8",
                    "Negotiate")))
        .containsExactly(
            new Challenge(
                "bearer", Map.of("realm", "https://a.example/t?x=1,2", "service", "a \"b\"")),
            new Challenge("basic", Map.of("realm", "simple", "charset", "UTF-8")),
            new Challenge("negotiate", Map.of()));
  }

  @Test
  void theFirstOfRepeatedParametersCounts() {
    assertThat(Challenge.parse(List.of("Bearer realm=a, realm=b")).getFirst().parameter("realm"))
        .contains("a");
  }

  @Test
  void anyTextEndsInSomeChallenges() {
    var random = new Random(164);
    var alphabet = "Bearer realm=\"a\\,; \t=Basic";
    for (int i = 0; i < 50_000; i++) {
      var text = new StringBuilder();
      int length = random.nextInt(60);
      for (int j = 0; j < length; j++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThat(Challenge.parse(List.of(text.toString()))).hasSizeLessThanOrEqualTo(16);
    }
    assertThat(Challenge.parse(List.of("a".repeat(100_000)))).isEmpty();
  }
}
