/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.ProgressListener;
import dev.caisson.image.model.Digest;
import dev.caisson.image.registry.TransferListener;

/** Tells of a transfer in Docker's words. */
record TransferProgress(ProgressListener listener, String moving, String done)
    implements TransferListener {
  static TransferProgress pulling(ProgressListener listener) {
    return new TransferProgress(listener, "Downloading", "Pull complete");
  }

  static TransferProgress pushing(ProgressListener listener) {
    return new TransferProgress(listener, "Pushing", "Pushed");
  }

  @Override
  public void progress(Digest blob, Phase phase, long bytes, long total) {
    var subject = blob.shortHex();
    var step =
        switch (phase) {
          case WAITING -> ProgressListener.Step.of(subject, "Waiting");
          case TRANSFERRING -> ProgressListener.Step.of(subject, moving, bytes, total);
          case PRESENT -> ProgressListener.Step.of(subject, "Already exists");
          case MOUNTED -> ProgressListener.Step.of(subject, "Mounted from another repository");
          case DONE -> ProgressListener.Step.of(subject, done);
        };
    synchronized (listener) {
      listener.onProgress(step);
    }
  }
}
