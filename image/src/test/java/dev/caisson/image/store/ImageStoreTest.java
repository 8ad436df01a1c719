/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Defaults;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.Manifest;
import dev.caisson.image.model.MediaType;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageStoreTest {
  @TempDir Path root;
  private ImageStore store;

  @BeforeEach
  void open() {
    store = ImageStore.open(root);
  }

  private Image add(String content, String... names) {
    return add(store, content, names);
  }

  private static Image add(ImageStore store, String content, String... names) {
    try (var lease = store.lease()) {
      var layer = content.getBytes(StandardCharsets.UTF_8);
      var layerDescriptor = Descriptor.of(MediaType.OCI_LAYER, layer);
      var config =
          new ImageConfig(
                  Platform.parse("linux/amd64"),
                  Optional.empty(),
                  Optional.of(content),
                  Defaults.NONE,
                  List.of(layerDescriptor.digest()),
                  List.of())
              .toJson();
      var configDescriptor = Descriptor.of(MediaType.OCI_CONFIG, config);
      var manifest =
          Manifest.write(MediaType.OCI_MANIFEST, configDescriptor, List.of(layerDescriptor));
      var descriptor = Descriptor.of(MediaType.OCI_MANIFEST, manifest);
      lease.keep(List.of(layerDescriptor.digest(), configDescriptor.digest(), descriptor.digest()));
      store.blobs().put(layer);
      store.blobs().put(config);
      store.blobs().put(manifest);
      return store.add(descriptor, List.of(names).stream().map(Reference::parse).toList());
    }
  }

  @Test
  void anImageIsFoundByNameIdManifestAndPrefix() {
    var image = add("one", "app:1", "other/app");
    assertThat(store.resolve("app:1")).isEqualTo(image);
    assertThat(store.resolve("other/app")).isEqualTo(image);
    assertThat(store.resolve(image.id().toString())).isEqualTo(image);
    assertThat(store.resolve(image.id().hex())).isEqualTo(image);
    assertThat(store.resolve(image.id().shortHex())).isEqualTo(image);
    assertThat(store.resolve(image.manifestDescriptor().digest().toString())).isEqualTo(image);
    assertThatThrownBy(() -> store.resolve("app:2"))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
  }

  @Test
  void anotherStoreObjectOnTheSameFolderSeesEveryChange() {
    var other = ImageStore.open(root);
    assertThat(other.list()).isEmpty();
    var image = add("one", "app");
    assertThat(other.list()).containsExactly(image);
    other.remove("app", false, _ -> false);
    assertThat(store.list()).isEmpty();
  }

  @Test
  void aNameMovesAndItsFormerImageStaysUntagged() {
    var first = add("one", "app");
    var second = add("two", "app");
    assertThat(store.resolve("app")).isEqualTo(second);
    assertThat(store.resolve(first.id().toString()).names()).isEmpty();
    assertThat(store.prune(false, _ -> true).deleted()).containsExactly(first.id());
    assertThat(store.list()).containsExactly(second);
  }

  @Test
  void removingTheLastTagDeletesImageAndBlobs() {
    var image = add("one", "app:1", "app:2");
    assertThat(store.remove("app:1", false, _ -> false).deleted()).isEmpty();
    assertThat(store.remove("app:2", false, _ -> false).deleted()).containsExactly(image.id());
    assertThat(store.blobs().list()).isEmpty();
  }

  @Test
  void anIdInSeveralRepositoriesIsRemovedOnlyByForce() {
    var image = add("one", "app", "other");
    assertThatThrownBy(() -> store.remove(image.id().hex(), false, _ -> false))
        .isInstanceOfSatisfying(
            ImageException.class, e -> assertThat(e.kind()).isEqualTo(Kind.CONFLICT));
    assertThat(store.remove(image.id().hex(), true, _ -> false).untagged()).hasSize(2);
  }

  @Test
  void leasedBlobsSurviveCollection() {
    try (var lease = store.lease()) {
      var digest = Descriptor.of("", new byte[] {1}).digest();
      lease.keep(List.of(digest));
      store.blobs().put(new byte[] {1});
      store.prune(true, _ -> true);
      assertThat(store.blobs().contains(digest)).isTrue();
    }
    store.prune(true, _ -> true);
    assertThat(store.blobs().list()).isEmpty();
    assertThat(root.resolve("leases")).isEmptyDirectory();
  }

  /** notes/security.md 28. */
  @Test
  void twoPullsAndOneRemovalAtOnceLeaveAConsistentStore() throws Exception {
    try (var pool = Executors.newFixedThreadPool(3)) {
      for (int round = 0; round < 100; round++) {
        var first = pool.submit(() -> add(ImageStore.open(root), "same", "app:1"));
        var second = pool.submit(() -> add(store, "same", "app:2"));
        Future<?> removal =
            pool.submit(() -> {
              if (store.find("app:1").isPresent()) {
                try {
                  store.remove("app:1", true, _ -> false);
                } catch (ImageException e) {
                  assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND);
                }
              }
            });
        first.get();
        second.get();
        removal.get();
        for (var image : store.list()) {
          image.layers().forEach(l -> assertThat(store.blobs().contains(l.digest())).isTrue());
        }
        assertThat(store.find("app:2")).isPresent();
      }
    }
  }

  @Test
  void aHalfWrittenCatalogIsNeverRead() throws IOException {
    add("one", "app");
    Files.writeString(root.resolve("catalog.json.new"), "{\"half\":");
    assertThat(ImageStore.open(root).list()).hasSize(1);
    add("two", "app2");
    assertThat(ImageStore.open(root).list()).hasSize(2);
  }
}
