/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CompletionTest {
  private final Completion completion = new Completion(new CommandTable(), new Names());

  private List<String> complete(String... words) {
    return completion.of(List.of(words));
  }

  @Test
  void theFirstWordIsACommandOrAGroup() {
    assertThat(complete("r")).containsExactly("rename", "restart", "rm", "rmi", "run");
    assertThat(complete("")).contains("volume", "engine", "oci").doesNotContain("__complete");
    assertThat(complete()).contains("run");
    assertThat(complete("--root", "/x", "ne")).containsExactly("network");
  }

  @Test
  void theSecondWordOfAGroupIsOneOfItsCommands() {
    assertThat(complete("volume", "")).contains("create", "ls", "rm");
    assertThat(complete("nothing", "")).isEmpty();
  }

  @Test
  void optionsAreThoseOfTheCommand() {
    assertThat(complete("run", "--isol")).containsExactly("--isolation");
    assertThat(complete("ps", "--no")).containsExactly("--no-trunc");
  }

  @Test
  void valuesAreWhatThereIs() {
    assertThat(complete("stop", "w")).containsExactly("web");
    assertThat(complete("stop", "db", "w")).containsExactly("web");
    assertThat(complete("run", "b")).containsExactly("busybox");
    assertThat(complete("run", "--isolation", "")).containsExactly("container", "thin");
    assertThat(complete("run", "-it", "--network", "")).containsExactly("bridge");
    assertThat(complete("run", "-d", "--name", "b")).isEmpty();
    assertThat(complete("cp", "w")).containsExactly("web:");
    assertThat(complete("volume", "rm", "")).containsExactly("data");
    assertThat(complete("volume", "create", "")).isEmpty();
    assertThat(complete("inspect", "")).containsExactly("bridge", "busybox", "data", "db", "web");
    assertThat(complete("snapshot", "run", "")).containsExactly("warm");
    assertThat(complete("snapshot", "create", "web", "")).isEmpty();
    assertThat(complete("kernel", "use", "")).containsExactly("6.1.0");
    assertThat(complete("completion", "z")).containsExactly("zsh");
    assertThat(complete("image", "build-base", "b")).containsExactly("busybox");
  }

  @Test
  void theWordsOfAnotherProgramAreNotOurs() {
    assertThat(complete("run", "busybox", "")).isEmpty();
    assertThat(complete("run", "busybox", "--")).isEmpty();
    assertThat(complete("exec", "web", "-")).isEmpty();
  }

  private static final class Names implements KnownNames {
    @Override
    public List<String> containers() {
      return List.of("web", "db");
    }

    @Override
    public List<String> images() {
      return List.of("busybox");
    }

    @Override
    public List<String> networks() {
      return List.of("bridge");
    }

    @Override
    public List<String> volumes() {
      return List.of("data");
    }

    @Override
    public List<String> snapshots() {
      return List.of("warm");
    }

    @Override
    public List<String> kernels() {
      return List.of("6.1.0");
    }

    @Override
    public List<String> isolations() {
      return List.of("container", "thin");
    }
  }
}
