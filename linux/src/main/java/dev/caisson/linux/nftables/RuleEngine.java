/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.nftables;

/**
 * Runs nftables commands in the network namespace its thread was in when it was opened. All
 * commands of one text are one transaction: all take effect or none.
 */
public interface RuleEngine extends AutoCloseable {
  /**
   * Runs commands in nft(8) syntax.
   *
   * @throws RuleException with nft's own words
   */
  void run(String commands);

  /** As {@link #run}, answering what a {@code list} command prints. */
  String query(String commands);

  @Override
  void close();

  /** Whether this host has the library or the program. */
  static boolean isInstalled() {
    return LibraryRuleEngine.isPresent() || ProgramRuleEngine.installed().isPresent();
  }

  /** The library where it is installed, otherwise the nft program. */
  static RuleEngine open() {
    return LibraryRuleEngine.isPresent() ? LibraryRuleEngine.open() : new ProgramRuleEngine();
  }
}
