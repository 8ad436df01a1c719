/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.launch.MountAttribute;
import dev.caisson.launch.Propagation;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The options of one mount in config.json, sorted by what they are. mount(8), runtime-spec "mounts"
 */
record MountOptions(
    boolean bind,
    boolean recursive,
    Set<MountAttribute> set,
    Set<MountAttribute> cleared,
    Set<MountAttribute> setOnAll,
    Propagation propagation,
    List<String> data) {
  private static final Map<String, MountAttribute> SET =
      Map.of(
          "ro", MountAttribute.READ_ONLY,
          "nosuid", MountAttribute.NO_SETUID,
          "nodev", MountAttribute.NO_DEVICES,
          "noexec", MountAttribute.NO_EXEC,
          "noatime", MountAttribute.NO_ACCESS_TIME,
          "strictatime", MountAttribute.STRICT_ACCESS_TIME,
          "nodiratime", MountAttribute.NO_DIRECTORY_ACCESS_TIME,
          "nosymfollow", MountAttribute.NO_SYMLINK_FOLLOW);
  private static final Map<String, MountAttribute> CLEARED =
      Map.of(
          "rw", MountAttribute.READ_ONLY,
          "suid", MountAttribute.NO_SETUID,
          "dev", MountAttribute.NO_DEVICES,
          "exec", MountAttribute.NO_EXEC);
  private static final Map<String, MountAttribute> SET_ON_ALL =
      Map.of(
          "rro", MountAttribute.READ_ONLY,
          "rnosuid", MountAttribute.NO_SETUID,
          "rnodev", MountAttribute.NO_DEVICES,
          "rnoexec", MountAttribute.NO_EXEC);
  private static final Map<String, Propagation> PROPAGATION =
      Map.of(
          "private",
          Propagation.PRIVATE,
          "rprivate",
          Propagation.PRIVATE,
          "slave",
          Propagation.SLAVE,
          "rslave",
          Propagation.SLAVE,
          "shared",
          Propagation.SHARED,
          "rshared",
          Propagation.SHARED,
          "unbindable",
          Propagation.UNBINDABLE,
          "runbindable",
          Propagation.UNBINDABLE);
  private static final Set<String> MEANINGLESS =
      Set.of("relatime", "defaults", "async", "atime", "diratime", "tmpcopyup");

  static MountOptions parse(List<String> words) {
    var set = EnumSet.noneOf(MountAttribute.class);
    var cleared = EnumSet.noneOf(MountAttribute.class);
    var setOnAll = EnumSet.noneOf(MountAttribute.class);
    var data = new ArrayList<String>();
    var propagation = Propagation.UNCHANGED;
    boolean bind = false;
    boolean recursive = false;
    for (String word : words) {
      if (word.equals("bind") || word.equals("rbind")) {
        bind = true;
        recursive |= word.equals("rbind");
      } else if (SET.containsKey(word)) {
        set.add(SET.get(word));
        cleared.remove(SET.get(word));
      } else if (CLEARED.containsKey(word)) {
        cleared.add(CLEARED.get(word));
        set.remove(CLEARED.get(word));
      } else if (SET_ON_ALL.containsKey(word)) {
        setOnAll.add(SET_ON_ALL.get(word));
      } else if (PROPAGATION.containsKey(word)) {
        propagation = PROPAGATION.get(word);
      } else if (!MEANINGLESS.contains(word)) {
        data.add(word);
      }
    }
    return new MountOptions(bind, recursive, set, cleared, setOnAll, propagation, data);
  }
}
