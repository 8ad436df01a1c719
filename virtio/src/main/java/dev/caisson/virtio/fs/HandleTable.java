/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.virtio.fs.SavedFiles.SavedHandle;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the guest has open, by handle. */
final class HandleTable {
  private final int capacity;
  private final DescriptorBudget.Share share;
  private final Map<Long, OpenHandle> handles = new HashMap<>();
  private long next = 1;

  HandleTable(int capacity, DescriptorBudget.Share share) {
    this.capacity = capacity;
    this.share = share;
  }

  synchronized long add(OpenHandle handle) {
    if (handles.size() >= capacity || !share.take()) {
      handle.close();
      throw Refusal.of(Errno.ENFILE);
    }
    handles.put(next, handle);
    return next++;
  }

  synchronized List<SavedHandle> saved() {
    return handles.entrySet().stream()
        .map(one -> new SavedHandle(one.getKey(), one.getValue().node, one.getValue().flags))
        .toList();
  }

  synchronized long nextNumber() {
    return next;
  }

  synchronized void continueFrom(long number) {
    next = Math.max(next, number);
  }

  synchronized void restore(long number, OpenHandle handle) {
    if (!share.take()) {
      handle.close();
      throw Refusal.of(Errno.ENFILE);
    }
    handles.put(number, handle);
  }

  int capacity() {
    return capacity;
  }

  /** Uses a handle until the answer is closed. */
  OpenHandle use(long number) {
    @Nullable OpenHandle handle;
    synchronized (this) {
      handle = handles.get(number);
    }
    if (handle == null || !handle.enter()) {
      throw Refusal.of(Errno.EBADF);
    }
    return handle;
  }

  void remove(long number) {
    @Nullable OpenHandle handle;
    synchronized (this) {
      handle = handles.remove(number);
    }
    if (handle != null) {
      share.giveBack(1);
      handle.close();
    }
  }

  synchronized void reset() {
    handles.values().forEach(OpenHandle::close);
    share.giveBack(handles.size());
    handles.clear();
  }
}
