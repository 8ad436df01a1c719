/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The directories and account files every small system needs. */
final class Skeleton {
  private static final List<String> DIRECTORIES =
      List.of(
          "bin",
          "dev",
          "etc",
          "home",
          "lib",
          "lib64",
          "mnt",
          "opt",
          "proc",
          "run",
          "sbin",
          "srv",
          "sys",
          "usr",
          "usr/bin",
          "usr/lib",
          "usr/sbin",
          "usr/share",
          "var",
          "var/cache",
          "var/lib",
          "var/log",
          "var/spool",
          "var/www");

  private static final Map<String, String> FILES =
      Map.of(
          "etc/passwd",
              """
              root:x:0:0:root:/root:/bin/sh
              daemon:x:1:1:daemon:/usr/sbin:/bin/false
              bin:x:2:2:bin:/bin:/bin/false
              sys:x:3:3:sys:/dev:/bin/false
              sync:x:4:100:sync:/bin:/bin/sync
              mail:x:8:8:mail:/var/spool/mail:/bin/false
              www-data:x:33:33:www-data:/var/www:/bin/false
              operator:x:37:37:Operator:/var:/bin/false
              nobody:x:65534:65534:nobody:/home:/bin/false
              """,
          "etc/group",
              """
              root:x:0:
              daemon:x:1:
              bin:x:2:
              sys:x:3:
              adm:x:4:
              tty:x:5:
              disk:x:6:
              mail:x:8:
              kmem:x:9:
              www-data:x:33:
              utmp:x:43:
              users:x:100:
              nogroup:x:65534:
              """,
          "etc/shadow",
              """
              root:*:::::::
              daemon:*:::::::
              nobody:*:::::::
              """,
          "etc/nsswitch.conf", "hosts: files dns\n",
          "etc/profile",
              "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");

  private Skeleton() {}

  static void writeTo(LayerWriter layer, long time) throws IOException {
    for (var directory : DIRECTORIES) {
      layer.add(new Entry.Directory(directory, attributes(0755, time)));
    }
    layer.add(new Entry.Directory("root", attributes(0700, time)));
    layer.add(new Entry.Directory("tmp", attributes(01777, time)));
    layer.add(new Entry.Directory("var/tmp", attributes(01777, time)));
    layer.add(new Entry.SymbolicLink("var/run", attributes(0777, time), "../run"));
    for (var file : new TreeMap<>(FILES).entrySet()) {
      var name = file.getKey();
      var content = file.getValue().getBytes(StandardCharsets.UTF_8);
      int mode = name.equals("etc/shadow") ? 0600 : 0644;
      layer.add(
          new Entry.File(name, attributes(mode, time), content.length),
          new ByteArrayInputStream(content));
    }
  }

  static Attributes attributes(int permissions, long time) {
    return new Attributes(permissions, 0, 0, time, 0, Map.of());
  }
}
