/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.nbd.protocol.MetaContext;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** The {@link MetaContext}s of an export, found by a client's queries. */
final class MetaContexts {
  private static final String BASE = "base:";
  private static final String QEMU = "qemu:";
  private final List<MetaContext> all = new ArrayList<>();

  MetaContexts(NbdExport export) {
    all.add(new MetaContext.Allocation(0, export.disk()));
    all.add(new MetaContext.Depth(1, export.disk()));
    for (String bitmap : export.bitmaps()) {
      all.add(new MetaContext.Dirty(all.size(), export.bitmap(bitmap)));
    }
  }

  /** All that a client could select. */
  List<MetaContext> all() {
    return all;
  }

  /** Those of exactly these names; wildcards and strangers select nothing. */
  List<MetaContext> selected(List<String> queries) {
    return all.stream().filter(context -> queries.contains(context.name())).toList();
  }

  /** As {@link #selected}, with a bare namespace standing for all in it. */
  List<MetaContext> listed(List<String> queries) {
    var found = new LinkedHashSet<MetaContext>();
    for (String query : queries) {
      boolean wildcard =
          query.equals(BASE) || query.equals(QEMU) || query.equals(MetaContext.Dirty.PREFIX);
      for (var context : all) {
        if (wildcard ? context.name().startsWith(query) : context.name().equals(query)) {
          found.add(context);
        }
      }
    }
    return List.copyOf(found);
  }
}
