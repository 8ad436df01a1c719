/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.image.ImageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredLoginsTest {
  @TempDir Path home;

  private StoredLogins logins() {
    return StoredLogins.of(Map.of("HOME", home.toString()));
  }

  private Path file() {
    return home.resolve(".docker/config.json");
  }

  @Test
  void whatIsKeptIsFoundAgainAndForgotten() throws IOException {
    var password = new Credentials.Password("user", "pa:ss");
    assertThat(logins().find("host.example:5000")).isEmpty();
    assertThat(logins().keep("host.example:5000", password)).isFalse();
    assertThat(logins().keep("other.example", new Credentials.IdentityToken("T"))).isFalse();
    assertThat(logins().find("host.example:5000")).contains(password);
    assertThat(logins().find("other.example")).contains(new Credentials.IdentityToken("T"));
    assertThat(Files.getPosixFilePermissions(file()))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    assertThat(Files.getPosixFilePermissions(file().getParent()))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    assertThat(logins().forget("host.example:5000")).isTrue();
    assertThat(logins().forget("host.example:5000")).isFalse();
    assertThat(logins().find("host.example:5000")).isEmpty();
    assertThat(logins().find("other.example")).isPresent();
  }

  @Test
  void theRestOfTheFileStays() throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(
        file(), "{\"detachKeys\":\"ctrl-e,e\",\"auths\":{\"a.example\":{\"auth\":\"dTpw\"}}}");
    logins().keep("b.example", new Credentials.Password("v", "q"));
    assertThat(Files.readString(file())).contains("\"detachKeys\" : \"ctrl-e,e\"");
    assertThat(logins().find("a.example")).contains(new Credentials.Password("u", "p"));
  }

  @Test
  void theRegistryOfShortNamesIsCalledAsDockerCallsIt() throws IOException {
    logins().keep("docker.io", new Credentials.Password("u", "p"));
    assertThat(Files.readString(file())).contains("/v1/");
    assertThat(StoredLogins.registry("https://index.docker.io/v1/")).isEqualTo("docker.io");
    assertThat(StoredLogins.registry("http://host.example:5000/v2/"))
        .isEqualTo("host.example:5000");
    assertThat(logins().forget("docker.io")).isTrue();
  }

  @Test
  void aLinkToTheFileStaysALink() throws IOException {
    Path elsewhere = Files.writeString(home.resolve("elsewhere.json"), "{}");
    Files.createDirectories(file().getParent());
    Files.createSymbolicLink(file(), elsewhere);
    logins().keep("a.example", new Credentials.Password("u", "p"));
    assertThat(file()).isSymbolicLink();
    assertThat(elsewhere).content().contains("a.example");
  }

  @Test
  void aDamagedFileIsNamedAndNotReplaced() throws IOException {
    Files.createDirectories(file().getParent());
    Files.writeString(file(), "{\"auths\":");
    assertThatThrownBy(() -> logins().keep("a.example", new Credentials.Password("u", "p")))
        .isInstanceOf(ImageException.class)
        .hasMessageContaining(file().toString());
    assertThat(file()).hasContent("{\"auths\":");
  }

  @Test
  void theFolderOfTheEnvironmentIsAskedFirst() {
    assertThat(StoredLogins.of(Map.of("HOME", "/h", "DOCKER_CONFIG", "/c")).file())
        .isEqualTo(Path.of("/c/config.json"));
  }
}
