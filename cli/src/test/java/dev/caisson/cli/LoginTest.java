/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.LocalCommands.Result;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Logins at a registry on loopback that knows one user. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LoginTest {
  private static final String KNOWN = "Basic " + encoded("bob:secret");

  private final List<String> shown = new CopyOnWriteArrayList<>();
  @TempDir Path home;
  private LocalCommands local;
  private ServerSocket server;

  @BeforeEach
  void open() throws Exception {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::serve);
    local = LocalCommands.withBusybox();
  }

  @AfterEach
  void close() throws Exception {
    server.close();
    if (local != null) {
      local.close();
    }
  }

  private static String encoded(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket client = server.accept()) {
        answer(client);
      } catch (IOException gone) {
        // a client that left, or the end of the test
      }
    }
  }

  /** 404 to whom it knows: there are no images. */
  private void answer(Socket client) throws IOException {
    var reader =
        new BufferedReader(
            new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
    String path = String.valueOf(reader.readLine());
    String authorization = "";
    for (String line = reader.readLine();
        line != null && !line.isEmpty();
        line = reader.readLine()) {
      if (line.regionMatches(true, 0, "Authorization: ", 0, 15)) {
        authorization = line.substring(15);
      }
    }
    shown.add(authorization);
    String status =
        !authorization.equals(KNOWN)
            ? "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\""
            : path.startsWith("GET /v2/ ") ? "200 OK" : "404 Not Found";
    client
        .getOutputStream()
        .write(
            ("HTTP/1.1 " + status + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
  }

  private String registry() {
    return "127.0.0.1:" + server.getLocalPort();
  }

  private Result caisson(String input, String... words) {
    return local.runAs(Map.of("HOME", home.toString()), input, words);
  }

  private Path file() {
    return home.resolve(".docker/config.json");
  }

  @Test
  void aLoginThatTheRegistryTakesIsKeptAndShownByPulls() throws IOException {
    var in = caisson("secret\n", "login", "-u", "bob", "--password-stdin", registry());
    assertThat(in.code()).as(in.err()).isZero();
    assertThat(in.out()).isEqualTo("Login Succeeded\n");
    assertThat(in.err()).contains(file().toString());
    assertThat(Files.readString(file())).contains(registry(), encoded("bob:secret"));

    var pulled = caisson("", "pull", registry() + "/app");
    assertThat(pulled.code()).isEqualTo(1);
    assertThat(shown.getLast()).isEqualTo(KNOWN);
    var again = caisson("", "login", registry());
    assertThat(again.out()).contains("existing credentials", "bob", "Login Succeeded");

    assertThat(caisson("", "logout", registry()).out())
        .isEqualTo("Removing login credentials for " + registry() + "\n");
    assertThat(Files.readString(file())).doesNotContain(registry());
    assertThat(caisson("", "logout", registry()).out()).startsWith("Not logged in");
  }

  @Test
  void aLoginThatIsRefusedIsNotKept() {
    var in = caisson("", "login", "-u", "bob", "-p", "wrong", registry());
    assertThat(in.code()).isEqualTo(1);
    assertThat(in.err()).contains(registry(), "does not accept", "caisson login " + registry());
    assertThat(file()).doesNotExist();
  }

  @Test
  void whatCannotBeAskedIsSaid() {
    assertThat(caisson("", "login", registry()).err()).contains("non TTY");
    assertThat(caisson("x", "login", "--password-stdin", registry()).err()).contains("--username");
    assertThat(caisson("x", "login", "-u", "a", "-p", "b", "--password-stdin", registry()).err())
        .contains("mutually exclusive");
    assertThat(shown).isEmpty();
  }

  /** The engine's own user may have logins; nobody else's request is made with them. */
  @Test
  void withoutALoginOfTheCallerNoneIsShown() {
    var pulled = caisson("", "pull", registry() + "/app");
    assertThat(pulled.err()).contains("wants a name and password", "caisson login " + registry());
    assertThat(shown).containsOnly("");
  }
}
