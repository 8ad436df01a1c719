/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.image.Template;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.ImageDeletion;
import dev.caisson.engine.view.ImageHistory;
import dev.caisson.engine.view.ImageInfo;
import dev.caisson.engine.view.ImageSummary;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.RemoteImage;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One image, {@code busybox}, without a layer. */
final class FakeImages implements ImageLibrary {
  private static UnsupportedOperationException absent() {
    return new UnsupportedOperationException("the fake has one image only");
  }

  @Override
  public Template template(String reference, Optional<String> platform) {
    if (!reference.equals("busybox")) {
      throw EngineException.notFound("No such image: " + reference);
    }
    return new Template(
        "sha256:" + "0".repeat(64),
        "busybox:latest",
        "linux/amd64",
        ImageConfig.empty(),
        List.of());
  }

  @Override
  public String commit(String base, ImageConfig config, CommitSpec commit, LayerWriter layer) {
    throw absent();
  }

  @Override
  public String derive(Optional<String> base, ImageConfig config, String createdBy) {
    throw absent();
  }

  @Override
  public void login(RegistryAuth auth) {}

  @Override
  public long size(String id) {
    return 0;
  }

  @Override
  public Map<String, Long> layerSizes(String id) {
    return Map.of();
  }

  @Override
  public void close() {}

  @Override
  public List<ImageSummary> list(boolean all, Filters filters) {
    return List.of();
  }

  @Override
  public ImageInfo inspect(String reference) {
    throw absent();
  }

  @Override
  public List<ImageHistory> history(String reference) {
    throw absent();
  }

  @Override
  public String pull(
      String reference, Optional<String> platform, RegistryAuth auth, ProgressListener progress) {
    throw absent();
  }

  @Override
  public void push(String reference, RegistryAuth auth, ProgressListener progress) {
    throw absent();
  }

  @Override
  public RemoteImage remote(String reference, RegistryAuth auth) {
    throw absent();
  }

  @Override
  public List<String> search(String term, RegistryAuth auth) {
    throw absent();
  }

  @Override
  public void tag(String reference, String newReference) {
    throw absent();
  }

  @Override
  public List<ImageDeletion> remove(String reference, boolean force, boolean prune) {
    throw absent();
  }

  @Override
  public PruneReport prune(Filters filters) {
    throw absent();
  }

  @Override
  public List<String> load(InputStream archive, ProgressListener progress) {
    throw absent();
  }

  @Override
  public void save(List<String> references, OutputStream archive) {
    throw absent();
  }

  @Override
  public String importRoot(
      InputStream tar,
      Optional<String> reference,
      String message,
      List<String> changes,
      Optional<String> platform) {
    throw absent();
  }

  @Override
  public String buildBase(
      String distribution, Optional<String> reference, ProgressListener progress) {
    throw absent();
  }
}
