/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.workload;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.network.Link;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The three files every container sees in /etc: hostname, hosts, resolv.conf.
 *
 * @param directory where they lie on the host: in memory, as they are written at every start
 */
public record HostFiles(Path directory) {
  private static final List<String> LOOPBACK =
      List.of(
          "127.0.0.1\tlocalhost",
          "::1\tlocalhost ip6-localhost ip6-loopback",
          "fe00::\tip6-localnet",
          "ff00::\tip6-mcastprefix",
          "ff02::1\tip6-allnodes",
          "ff02::2\tip6-allrouters");

  public Path hostname() {
    return directory.resolve("hostname");
  }

  public Path hosts() {
    return directory.resolve("hosts");
  }

  public Path resolvConf() {
    return directory.resolve("resolv.conf");
  }

  /** Writes all three for a container that starts now. */
  public void write(Definition definition, Link link) {
    var networking = definition.spec().networking();
    try {
      Files.writeString(hostname(), definition.effective().hostname() + "\n");
      Files.writeString(hosts(), String.join("\n", hostsLines(definition, link)) + "\n");
      Files.writeString(
          resolvConf(),
          resolvText(
              networking.dns().isEmpty() ? link.nameservers() : networking.dns(),
              networking.dnsSearch().isEmpty() ? link.searchDomains() : networking.dnsSearch(),
              networking.dnsOptions()));
    } catch (IOException e) {
      throw EngineException.io("cannot write " + directory + ": " + e.getMessage(), e);
    }
  }

  private static List<String> hostsLines(Definition definition, Link link) {
    var lines = new ArrayList<>(LOOPBACK);
    for (var extra : definition.spec().networking().extraHosts()) {
      int colon = extra.indexOf(extra.indexOf('=') > 0 ? '=' : ':');
      if (colon <= 0) {
        throw EngineException.invalid("bad format for add-host: " + extra, "write NAME:ADDRESS");
      }
      var address = extra.substring(colon + 1);
      lines.add(
          (address.equals("host-gateway") ? gateway(link) : address)
              + "\t"
              + extra.substring(0, colon));
    }
    lines.addAll(link.hosts());
    return lines;
  }

  private static String gateway(Link link) {
    return link.view().endpoints().values().stream()
        .map(endpoint -> endpoint.gateway())
        .filter(gateway -> !gateway.isEmpty())
        .findFirst()
        .orElse("127.0.0.1");
  }

  private static String resolvText(List<String> servers, List<String> search, List<String> options)
      throws IOException {
    if (servers.isEmpty()) {
      return ofTheHost();
    }
    var text = new StringBuilder();
    servers.forEach(server -> text.append("nameserver ").append(server).append('\n'));
    if (!search.isEmpty()) {
      text.append("search ").append(String.join(" ", search)).append('\n');
    }
    if (!options.isEmpty()) {
      text.append("options ").append(String.join(" ", options)).append('\n');
    }
    return text.toString();
  }

  private static String ofTheHost() throws IOException {
    try {
      return Files.readString(Path.of("/etc/resolv.conf"));
    } catch (NoSuchFileException | AccessDeniedException none) {
      return "";
    }
  }
}
