/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.engine.AttachOptions;
import picocli.CommandLine.Option;

/** Which keys leave a container without ending it. */
final class DetachKeysOption {
  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      defaultValue = AttachOptions.DEFAULT_DETACH_KEYS,
      description = "that leave it running (${DEFAULT-VALUE})")
  String keys = AttachOptions.DEFAULT_DETACH_KEYS;
}
