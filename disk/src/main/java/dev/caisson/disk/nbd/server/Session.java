/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.nbd.protocol.MetaContext;
import dev.caisson.disk.nbd.protocol.ReplyStyle;
import java.util.List;

/**
 * What a handshake agreed on.
 *
 * @param export what the client uses from now on
 * @param style how replies are laid out; extended replies go with extended requests
 * @param contexts what block status tells, in the order of the reply
 */
public record Session(NbdExport export, ReplyStyle style, List<MetaContext> contexts) {
  boolean extended() {
    return style == ReplyStyle.EXTENDED;
  }
}
