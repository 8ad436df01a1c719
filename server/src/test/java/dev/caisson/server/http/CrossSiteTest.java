/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.eclipse.jetty.http.HttpFields;
import org.junit.jupiter.api.Test;

/** notes/security.md 33: what a page makes a browser send is not answered. */
class CrossSiteTest {
  private static HttpFields headers(String... pairs) {
    HttpFields.Mutable fields = HttpFields.build();
    for (int i = 0; i < pairs.length; i += 2) {
      fields.add(pairs[i], pairs[i + 1]);
    }
    return fields;
  }

  @Test
  void clientsThatAreNoBrowsersPass() {
    assertThat(CrossSite.refusal(headers("User-Agent", "curl"), "127.0.0.1", true)).isEmpty();
    assertThat(CrossSite.refusal(headers(), "host.example", false)).isEmpty();
    assertThat(CrossSite.refusal(headers("Origin", "https://host.example"), "host.example", false))
        .as("a web socket client tells the host it connects to")
        .isEmpty();
  }

  @Test
  void otherSitesAreRefused() {
    assertThat(CrossSite.refusal(headers("Origin", "https://evil.example"), "127.0.0.1", true))
        .hasValueSatisfying(reason -> assertThat(reason).contains("evil.example"));
    assertThat(CrossSite.refusal(headers("Origin", "null"), "127.0.0.1", true)).isPresent();
    assertThat(CrossSite.refusal(headers("Origin", "http://%"), "a", false)).isPresent();
    assertThat(CrossSite.refusal(headers("Sec-Fetch-Site", "cross-site"), "a", false)).isPresent();
  }

  @Test
  void aNameThatWasMadeToMeanLoopbackIsRefused() {
    assertThat(CrossSite.refusal(headers(), "evil.example", true)).isPresent();
    assertThat(CrossSite.refusal(headers(), "LOCALHOST", true)).isEmpty();
  }
}
