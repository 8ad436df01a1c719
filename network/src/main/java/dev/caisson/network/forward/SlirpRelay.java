/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.forward;

import dev.caisson.network.PublishedPort;
import dev.caisson.network.PublishedPort.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Ports of the host that a slirp4netns brings to this network namespace. It speaks one JSON request
 * and one answer a connection. slirp4netns(1), "API SOCKET"
 *
 * @param socket its control socket
 */
public record SlirpRelay(Path socket) {
  /** The address slirp4netns gives to the interface it makes. */
  private static final String INSIDE = "10.0.2.100";

  private static final int LONGEST_ANSWER = 1 << 20;
  private static final Pattern ENTRY =
      Pattern.compile(
          "\\{[^{}]*\"id\":\\s*(\\d+)[^{}]*\"proto\":\\s*\"(\\w+)\"[^{}]*\"host_addr\":\\s*\"([^\"]*)\""
              + "[^{}]*\"host_port\":\\s*(\\d+)[^{}]*\\}");
  private static final Pattern REASON = Pattern.compile("\"desc\":\\s*\"([^\"]*)\"");

  /**
   * Opens a port of the host; one that is open already stays.
   *
   * @throws IOException when somebody else has it, or this user may not take it
   */
  public void open(PublishedPort port) throws IOException {
    if (port.protocol() == Protocol.SCTP) {
      throw new IOException("slirp4netns relays TCP and UDP only");
    }
    String answer =
        ask(
            """
            {"execute":"add_hostfwd","arguments":{"proto":"%s","host_addr":"%s","host_port":%d,\
            "guest_addr":"%s","guest_port":%d}}\
            """
                .formatted(word(port), host(port), port.hostPort(), INSIDE, port.hostPort()));
    if (answer.contains("\"error\"") && number(port) < 0) {
      Matcher reason = REASON.matcher(answer);
      throw new IOException(
          "slirp4netns cannot have it on the host"
              + (reason.find() ? ": " + reason.group(1) : "")
              + (port.hostPort() < 1024 ? "; ports below 1024 need root" : ""));
    }
  }

  /** Gives a port back; harmless if it is not open. */
  public void close(PublishedPort port) {
    try {
      int number = number(port);
      if (number >= 0) {
        ask(removal(number));
      }
    } catch (IOException gone) {
      // with slirp4netns all its ports went
    }
  }

  /** Closes all that are open but these: left by workloads that ended while nobody looked. */
  public void retain(Collection<PublishedPort> ports) {
    try {
      Map<String, Integer> stale = numbers();
      ports.forEach(port -> stale.remove(key(port)));
      for (int number : stale.values()) {
        ask(removal(number));
      }
    } catch (IOException gone) {
      // with slirp4netns all its ports went
    }
  }

  private int number(PublishedPort port) throws IOException {
    return numbers().getOrDefault(key(port), -1);
  }

  private Map<String, Integer> numbers() throws IOException {
    var numbers = new HashMap<String, Integer>();
    Matcher entries = ENTRY.matcher(ask("{\"execute\":\"list_hostfwd\"}"));
    while (entries.find()) {
      numbers.put(
          entries.group(2) + " " + entries.group(3) + " " + entries.group(4),
          Integer.parseInt(entries.group(1)));
    }
    return numbers;
  }

  private static String key(PublishedPort port) {
    return word(port) + " " + host(port) + " " + port.hostPort();
  }

  private static String removal(int number) {
    return "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":%d}}".formatted(number);
  }

  private static String word(PublishedPort port) {
    return port.protocol().name().toLowerCase(Locale.ROOT);
  }

  private static String host(PublishedPort port) {
    return port.hostAddress().map(InetAddress::getHostAddress).orElse("0.0.0.0");
  }

  private String ask(String request) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.shutdownOutput();
      ByteBuffer answer = ByteBuffer.allocate(LONGEST_ANSWER);
      while (answer.hasRemaining() && channel.read(answer) >= 0) {
        // until it hangs up
      }
      return StandardCharsets.UTF_8.decode(answer.flip()).toString();
    }
  }
}
