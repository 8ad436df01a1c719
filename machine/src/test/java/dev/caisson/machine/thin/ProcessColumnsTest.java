/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.machine.thin.GuestProcesses.Task;
import dev.caisson.sandbox.SandboxException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessColumnsTest {
  private static final long NOW = Instant.now().getEpochSecond();

  /** Begun 100 s ago, with 5 s of processor time. */
  private static final GuestProcesses ONE =
      new GuestProcesses(
          List.of(
              new Task(
                  77,
                  76,
                  1000,
                  1001,
                  "httpd",
                  "httpd -f -p 80",
                  "S",
                  false,
                  500,
                  1000,
                  4096,
                  1024,
                  20,
                  0,
                  3)),
          NOW - 110,
          102_400);

  private static List<String> row(String... options) {
    return ProcessColumns.of(List.of(options)).table(ONE).rows().getFirst();
  }

  private static List<String> titles(String... options) {
    return ProcessColumns.of(List.of(options)).table(ONE).titles();
  }

  @Test
  void withoutOptionsItIsTheFullList() {
    assertThat(titles()).containsExactly("UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD");
    assertThat(row()).contains("1000", "77", "76", "00:00:05").endsWith("httpd -f -p 80");
    assertThat(titles("-ef")).isEqualTo(titles());
    assertThat(titles("-A", "-f")).isEqualTo(titles());
  }

  @Test
  void theStyleOfBsd() {
    assertThat(titles("aux")).startsWith("USER", "PID", "%CPU", "%MEM", "VSZ", "RSS");
    assertThat(row("aux")).contains("1.0", "4096", "1024", "0:05");
    assertThat(titles("ax")).containsExactly("PID", "TTY", "TIME", "COMMAND");
  }

  @Test
  void columnsInTheOrderAsked() {
    for (String[] options :
        List.of(
            new String[] {"-o", "pid,comm,gid"},
            new String[] {"-eo", "pid,comm,gid"},
            new String[] {"-opid,comm,gid"},
            new String[] {"-o", "pid", "-o", "comm,gid"},
            new String[] {"--format", "pid comm gid"})) {
      assertThat(row(options)).containsExactly("77", "httpd", "1001");
    }
    assertThat(row("-o", "pid,nlwp,pri,ni,s")).containsExactly("77", "3", "19", "0", "S");
  }

  @Test
  void whatIsNotKnownIsNamed() {
    assertThatThrownBy(() -> ProcessColumns.of(List.of("-Z")))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("-Z");
    assertThatThrownBy(() -> ProcessColumns.of(List.of("-o", "pid,wchan")))
        .hasMessageContaining("wchan");
    assertThatThrownBy(() -> ProcessColumns.of(List.of("-o", "comm"))).hasMessageContaining("PID");
    assertThatThrownBy(() -> ProcessColumns.of(List.of("-o"))).isInstanceOf(SandboxException.class);
  }
}
