/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import picocli.CommandLine.Option;

/** Whether signals to the command are passed on. */
public final class SignalProxyOption {
  @Option(
      names = "--sig-proxy",
      paramLabel = "true|false",
      defaultValue = "true",
      arity = "0..1",
      fallbackValue = "true",
      description = "pass signals on; true unless said otherwise")
  public boolean wanted = true;
}
