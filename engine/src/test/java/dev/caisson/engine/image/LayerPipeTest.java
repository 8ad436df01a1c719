/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.Test;

class LayerPipeTest {
  private static long count(InputStream in) {
    try {
      return in.transferTo(java.io.OutputStream.nullOutputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void moreThanThePipeHoldsIsRead() {
    var pipe = new LayerPipe(tar -> tar.write(new byte[1 << 20]));
    assertThat(pipe.<Long>read(LayerPipeTest::count)).isEqualTo(1 << 20);
  }

  @Test
  void aWriterThatFailsMakesTheReaderFail() {
    var pipe =
        new LayerPipe(tar -> {
          throw new IOException("the upper directory is gone");
        });
    assertThatThrownBy(() -> pipe.read(LayerPipeTest::count))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("the upper directory is gone");
  }

  @Test
  void anEngineFailureOfTheWriterIsKept() {
    var pipe =
        new LayerPipe(tar -> {
          throw EngineException.notFound("no such layer");
        });
    assertThatThrownBy(() -> pipe.read(LayerPipeTest::count)).hasMessage("no such layer");
  }
}
