/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Virtual disks in pure Java: qcow2 chains, raw, foreign formats and NBD.
 *
 * <p>A {@link dev.caisson.disk.Disk} is bytes at offsets; what else it can do, its ability
 * interfaces say. The module knows nothing of guests, containers or native calls, and runs wherever
 * Java runs. Start at {@link dev.caisson.disk.Disk}.
 */
@org.jspecify.annotations.NullMarked
module dev.caisson.disk {
  requires static org.jspecify;
  requires com.github.luben.zstd_jni;

  exports dev.caisson.disk;
  exports dev.caisson.disk.convert;
  exports dev.caisson.disk.file;
  exports dev.caisson.disk.foreign;
  exports dev.caisson.disk.luks;
  exports dev.caisson.disk.nbd.client;
  exports dev.caisson.disk.nbd.tls;
  exports dev.caisson.disk.nbd.server;
  exports dev.caisson.disk.chain;
  exports dev.caisson.disk.qcow2;
  exports dev.caisson.disk.qcow2.bitmap;
  exports dev.caisson.disk.qcow2.check;
  exports dev.caisson.disk.qcow2.compression;
  exports dev.caisson.disk.raw;
  exports dev.caisson.disk.storage;

  uses dev.caisson.disk.luks.KeyStretching;
  uses dev.caisson.disk.storage.HostFiles;
}
