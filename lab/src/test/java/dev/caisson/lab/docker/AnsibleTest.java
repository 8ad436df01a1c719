/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** examples/ansible: the modules and the connection of the collection community.docker. */
@Tag("integration")
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class AnsibleTest {
  @Test
  void aSecondRunOfThePlaybookChangesNothing() throws Exception {
    Shell.need("ansible-playbook", "needs the package ansible");
    try (EngineProcess engine = EngineProcess.start()) {
      engine.importBusybox();
      Shell play =
          Shell.of("ansible-playbook", "-e", "docker_socket=" + engine.address())
              .with("../examples/ansible/playbook.yml")
              .variable("ANSIBLE_NOCOLOR", "1")
              .variable("ANSIBLE_LOCALHOST_WARNING", "False")
              .within(140);
      Shell.Result first = play.run();
      assertThat(first.code()).as(first.all()).isZero();
      assertThat(first.out()).contains("changed=");
      Shell.Result second = play.run();
      assertThat(second.code()).as(second.all()).isZero();
      assertThat(second.out()).as(second.out()).contains("changed=0").contains("failed=0");
      assertThat(second.out()).doesNotContainPattern("changed=[1-9]");
      ClientCoverage.check(
          engine.requests(), "ansible", agent -> !agent.startsWith("Docker-Client/"));
    }
  }
}
