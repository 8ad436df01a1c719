/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.nftables;

import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.process.Executable;
import dev.caisson.linux.process.ExitStatus;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.linux.process.Spawn;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** nftables by the nft program, for hosts without its library. */
final class ProgramRuleEngine implements RuleEngine {
  private static final List<String> PLACES = List.of("/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft");

  static Optional<String> installed() {
    return PLACES.stream().filter(place -> Files.isExecutable(Path.of(place))).findFirst();
  }

  @Override
  public void run(String commands) {
    query(commands);
  }

  @Override
  public String query(String commands) {
    String program =
        installed()
            .orElseThrow(() -> new RuleException("nft is missing; install the nftables package"));
    try (Fd input = Memfd.sealed("nft-input", commands.getBytes(StandardCharsets.UTF_8));
        Fd output = Memfd.create("nft-output")) {
      Spawn spawn =
          new Spawn(
              new Executable.At(program),
              List.of("nft", "-f", "/proc/self/fd/0"),
              List.of(),
              new TreeMap<>(Map.of(0, input, 1, output, 2, output)));
      ExitStatus status;
      try (ProcessFd child = spawn.start()) {
        status = child.await();
      }
      String text = Files.readString(output.path());
      if (status.code() != 0) {
        throw new RuleException(text);
      }
      return text;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {}
}
