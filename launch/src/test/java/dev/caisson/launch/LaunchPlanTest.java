/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LaunchPlanTest {
  private static final Step CLONE =
      Step.outside(
          "new process", new NamespaceAction.Clone(Set.of(Namespace.MOUNT), Optional.empty()));
  private static final Step EXEC =
      Step.inside("run", new ProcessAction.Exec("true", List.of("true"), List.of(), 0))
          .because("that is what was asked for");
  private static final Step PIVOT = Step.inside("switch root", new MountAction.PivotRoot());

  private static void refused(String why, Step... steps) {
    assertThatThrownBy(() -> LaunchPlan.of(steps))
        .isInstanceOf(LaunchException.class)
        .hasMessageContaining(why);
  }

  @Test
  void ordersThatNoExecutorCanFollowAreRefused() {
    refused("no process is yet", PIVOT, CLONE, EXEC);
    refused("any more", CLONE, EXEC, PIVOT);
    refused("second time", CLONE, CLONE, EXEC);
    refused("replace the launcher", CLONE, Step.outside("run", EXEC.action()));
    refused("never becomes", CLONE, PIVOT);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 4_294_967_295L, 4_294_967_296L, Long.MIN_VALUE})
  void idsOutOfRangeNeverWrap(long id) {
    assertThatThrownBy(() -> new IdentityAction.SwitchUser(id, 0, Optional.empty()))
        .isInstanceOf(LaunchException.class);
    assertThatThrownBy(() -> new IdentityAction.SwitchUser(0, 0, Optional.of(List.of(id))))
        .isInstanceOf(LaunchException.class);
    assertThatThrownBy(() -> new IdMap(0, id, 1)).isInstanceOf(LaunchException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/etc/passwd", "../kernel", "net/../../x", ".."})
  void sysctlsStayBelowTheirDirectory(String path) {
    assertThatThrownBy(() -> new FileAction.Sysctl(path, "1")).isInstanceOf(LaunchException.class);
  }

  @Test
  void printsAsATable() {
    assertThat(PlanPrinter.table(LaunchPlan.of(CLONE, PIVOT, EXEC)))
        .isEqualTo(
            """
              1  outside  new process  Clone created=mount
                                       because the kernel shows it only what is its own
              2  inside   switch root  PivotRoot
                                       because from here on no path leads to the host
              3  inside   run          Exec program=true arguments=[true] keptDescriptors=0
                                       because that is what was asked for
            """);
  }

  @Test
  void equalReasonsAreSaidOnceAndPermissionsInOctal() {
    assertThat(
            PlanPrinter.table(
                LaunchPlan.of(
                    CLONE,
                    Step.inside("null", new FileAction.MakeDevice("/n", 'c', 1, 3, 0666, 0, 0)),
                    Step.inside("fd", new FileAction.MakeLink("/fd", "/proc/self/fd")),
                    EXEC)))
        .contains("mode=0666")
        .containsOnlyOnce("Linux programs count on it");
  }

  @Test
  void aLongActionHasAnArgumentALine() {
    var files = List.of("/" + "a".repeat(60), "/" + "b".repeat(60));
    assertThat(
            PlanPrinter.table(
                LaunchPlan.of(
                    CLONE, Step.outside("groups", new NamespaceAction.JoinCgroups(files)), EXEC)))
        .contains("JoinCgroups\n", "procsFiles=[" + files.getFirst() + ",\n")
        .satisfies(text ->
            assertThat(text.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(130)));
  }

  @Test
  void printsAsJson() {
    assertThat(PlanPrinter.json(LaunchPlan.of(CLONE, EXEC)))
        .contains(
            "\"step\" : 2",
            "\"side\" : \"inside\"",
            "\"action\" : \"Exec\"",
            "\"program\" : \"true\"",
            "\"why\" : \"that is what was asked for\"");
  }

  @Test
  void everyActionPrints() {
    assertThat(PlanPrinter.table(PlanEncoderTest.everything()))
        .contains("sysctl", "net/ipv4/ip_forward=1", "0→100000×65536");
    assertThat(PlanPrinter.json(PlanEncoderTest.everything())).isNotBlank();
  }
}
