/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.ImageStore;
import dev.caisson.rootfs.layer.LayerStore;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.rootfs.layer.Ownership;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BusyboxImageTest {
  private static final Reference NAME = Reference.parse("busybox");

  @Test
  void itIsBuiltFromTheInstalledProgramAndUnpacks(@TempDir Path folder) {
    assumeTrue(
        HostCommand.find("busybox").filter(StaticProgram::is).isPresent(),
        "no static busybox is installed");
    var images = ImageStore.open(folder.resolve("images"));
    var image = new BusyboxImage().build(images, NAME, _ -> {});
    assertThat(images.resolve("busybox")).isEqualTo(image);
    assertThat(new BusyboxImage().build(images, NAME, _ -> {}).id()).isEqualTo(image.id());

    try (var layers =
        LayerStore.open(folder, LayerLimits.DEFAULT, OverlayMarks.USER, Ownership.OWN)) {
      var files = layers.directories(images, image);
      assertThat(files).hasSize(1);
      assertThat(files.getFirst().resolve("bin/sh")).isExecutable();
      assertThat(
              HostCommand.lines(
                  Path.of("/"), List.of(files.getFirst().resolve("bin/echo").toString(), "hello")))
          .containsExactly("hello");
    }
  }
}
