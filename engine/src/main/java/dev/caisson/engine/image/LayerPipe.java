/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/** Lets what is written be read, with the writer on a thread of its own. */
record LayerPipe(ImageLibrary.LayerWriter writer) {
  private static final int BYTES = 256 << 10;

  <T> T read(Function<InputStream, T> reader) {
    try (var in = new PipedInputStream(BYTES)) {
      var out = new PipedOutputStream(in);
      var writing =
          CompletableFuture.runAsync(
              () -> write(out), work -> Thread.ofVirtual().name("layer").start(work));
      T read = reader.apply(in);
      writing.join();
      return read;
    } catch (IOException e) {
      throw EngineException.io("new layer: " + e.getMessage(), e);
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private void write(PipedOutputStream out) {
    try (out) {
      writer.write(out);
    } catch (IOException e) {
      throw EngineException.io("new layer: " + e.getMessage(), e);
    }
  }
}
