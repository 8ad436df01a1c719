/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerWriter;
import dev.caisson.image.model.Defaults;
import dev.caisson.image.model.History;
import dev.caisson.image.model.ImageConfig;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.StoredLayer;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.RootfsException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A one-program system: the distribution's static busybox with its applets as links. Made in a
 * moment, offline once the package is installed; the same busybox gives the same image.
 */
final class BusyboxImage implements BaseImage {
  private static final String PACKAGE = "busybox-static";
  private static final String PROGRAM = "bin/busybox";
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  @Override
  public Image build(ImageStore store, Reference name, Consumer<String> progress) {
    var installed = HostCommand.find("busybox").filter(StaticProgram::is);
    if (installed.isPresent()) {
      progress.accept("using " + installed.get());
      return build(store, name, installed.get());
    }
    try (var folder = ScratchFolder.make("caisson-busybox")) {
      progress.accept("fetching " + PACKAGE);
      return build(store, name, fetched(folder.path(), progress));
    }
  }

  private static Path fetched(Path folder, Consumer<String> progress) {
    var apt = HostCommand.require("apt-get", "install " + PACKAGE + " by other means").toString();
    HostCommand.run(folder, List.of(apt, "download", PACKAGE), progress);
    try (var files = Files.newDirectoryStream(folder, "*.deb")) {
      var archive = files.iterator().next().toString();
      var tool = HostCommand.require("dpkg-deb", "install dpkg").toString();
      HostCommand.run(folder, List.of(tool, "-x", archive, "files"), progress);
    } catch (IOException e) {
      throw new RootfsException(Kind.IO, "cannot unpack " + PACKAGE + ": " + e, e);
    }
    for (var candidate : List.of("files/usr/bin/busybox", "files/bin/busybox")) {
      var program = folder.resolve(candidate);
      if (StaticProgram.is(program)) {
        return program;
      }
    }
    throw new RootfsException(Kind.UNAVAILABLE, PACKAGE + " holds no static busybox");
  }

  private static Image build(ImageStore store, Reference name, Path program) {
    var applets = HostCommand.lines(Path.of("/"), List.of(program.toString(), "--list"));
    try (var lease = store.lease()) {
      long time = Files.getLastModifiedTime(program).toInstant().getEpochSecond();
      var layer = StoredLayer.write(store, lease, out -> files(out, program, applets, time));
      return store.assemble(lease, config(layer, time), List.of(layer.blob()), List.of(name));
    } catch (IOException e) {
      throw new RootfsException(Kind.IO, "cannot read " + program + ": " + e, e);
    }
  }

  private static void files(LayerWriter out, Path program, List<String> applets, long time)
      throws IOException {
    Skeleton.writeTo(out, time);
    var attributes = Skeleton.attributes(0755, time);
    try (var data = Files.newInputStream(program)) {
      out.add(new Entry.File(PROGRAM, attributes, Files.size(program)), data);
    }
    for (var applet : applets) {
      if (applet.matches("[A-Za-z0-9_.\\[-]+") && !applet.equals("busybox")) {
        out.add(new Entry.HardLink("bin/" + applet, attributes, PROGRAM));
      }
    }
    // Scripts name these two by their usual place.
    out.add(new Entry.SymbolicLink("usr/bin/env", attributes, "../../bin/env"));
    out.add(new Entry.SymbolicLink("sbin/init", attributes, "../bin/init"));
  }

  private static ImageConfig config(StoredLayer layer, long time) {
    var defaults =
        Defaults.builder().environment(List.of(PATH)).command(Optional.of(List.of("sh"))).build();
    var created = Instant.ofEpochSecond(time);
    return new ImageConfig(
        Platform.host(),
        Optional.of(created),
        Optional.empty(),
        defaults,
        List.of(layer.diffId()),
        List.of(History.layer(created, "caisson image build-base busybox", "")));
  }
}
