/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stub's own tests, in C. */
class CUnitTest {
  @TempDir Path temporary;

  @Test
  void passesItsOwnTests() throws IOException, InterruptedException {
    assertThat(CProgram.build(temporary).run()).isEqualTo("ok\n");
  }
}
