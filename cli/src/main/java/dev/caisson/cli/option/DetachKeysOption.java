/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.AttachOptions;
import picocli.CommandLine.Option;

/** Which keys leave a container without ending it. */
public final class DetachKeysOption {
  @Option(
      names = "--detach-keys",
      paramLabel = "KEYS",
      defaultValue = AttachOptions.DEFAULT_DETACH_KEYS,
      description = "that leave it running (${DEFAULT-VALUE})")
  public String keys = AttachOptions.DEFAULT_DETACH_KEYS;
}
