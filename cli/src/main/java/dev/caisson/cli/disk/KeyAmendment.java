/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.luks.KeySlot;
import dev.caisson.disk.luks.LuksContainer;
import dev.caisson.disk.luks.LuksOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Adds or erases keys of an encrypted disk, as the LUKS options of {@code amend} say. */
final class KeyAmendment {
  private static final Set<String> NAMES =
      Set.of("state", "new-secret", "old-secret", "keyslot", "iter-time");

  private final Disk disk;
  private final Map<String, String> asked;
  private final Secrets secrets;
  private final KeyOptions fresh;
  private final boolean force;

  /**
   * @param force whether the last key may be erased, and a slot in use overwritten
   */
  KeyAmendment(
      Disk disk, Map<String, String> asked, Secrets secrets, KeyOptions fresh, boolean force) {
    this.disk = disk;
    this.asked = asked;
    this.secrets = secrets;
    this.fresh = fresh;
    this.force = force;
  }

  void perform() {
    for (String name : asked.keySet()) {
      if (!NAMES.contains(name)) {
        throw refused(
            "'%s' cannot be changed once a disk is made; have %s"
                .formatted(name, NAMES.stream().sorted().toList()));
      }
    }
    var container = DiskFiles.keys(disk);
    switch (asked.getOrDefault("state", "")) {
      case "active" -> add(container);
      case "inactive" -> erase(container);
      default -> throw refused("say state=active, to add a key, or state=inactive, to erase one");
    }
  }

  private void add(LuksContainer container) {
    if (asked.containsKey("old-secret")) {
      throw refused("old-secret goes with state=inactive");
    }
    byte[] key =
        Optional.ofNullable(asked.get("new-secret"))
            .map(secrets::named)
            .orElseGet(() -> secrets.fresh(fresh, disk.toString()));
    long rounds = LuksOptions.DEFAULT.iterations();
    if (asked.containsKey("iter-time")) {
      rounds =
          LuksOptions.DEFAULT.withIterationTime(KeyTime.parse(asked.get("iter-time"))).iterations();
    }
    try (var master = DiskFiles.masterKey(disk, secrets.passphrases())) {
      if (asked.containsKey("keyslot")) {
        int slot = slot(asked.get("keyslot"));
        if (force && container.header().slots().get(slot).active()) {
          container.removeKey(slot);
        }
        container.addKey(slot, master, key, rounds);
      } else {
        container.addKey(master, key, rounds);
      }
    }
  }

  private void erase(LuksContainer container) {
    if (asked.containsKey("new-secret") || asked.containsKey("iter-time")) {
      throw refused("new-secret and iter-time go with state=active");
    }
    List<Integer> slots;
    if (asked.containsKey("keyslot")) {
      slots = List.of(slot(asked.get("keyslot")));
    } else if (asked.containsKey("old-secret")) {
      slots = container.slotsOf(secrets.named(asked.get("old-secret")));
      if (slots.isEmpty()) {
        throw new DiskException(
            DiskException.Kind.SECRET, disk + ": no key slot takes the old secret");
      }
    } else {
      throw refused("say which key: keyslot=NUMBER or old-secret=ID");
    }
    long active = container.header().slots().stream().filter(KeySlot::active).count();
    if (slots.size() >= active && slots.stream().anyMatch(slot -> isActive(container, slot))) {
      throw refused(
          "that would erase the last key, and nothing could ever open the disk; add another first");
    }
    slots.forEach(container::removeKey);
  }

  private static boolean isActive(LuksContainer container, int slot) {
    return container.header().slots().get(slot).active();
  }

  private int slot(String text) {
    if (!text.matches("[0-7]")) {
      throw refused("keyslot '%s'; have 0 to 7".formatted(text));
    }
    return Integer.parseInt(text);
  }

  private DiskException refused(String why) {
    return new DiskException(DiskException.Kind.UNSUPPORTED, disk + ": " + why);
  }
}
