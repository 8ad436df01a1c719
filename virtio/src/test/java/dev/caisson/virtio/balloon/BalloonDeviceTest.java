/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.balloon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BalloonDeviceTest {
  private static final long SIZE = 4 << 20;

  private final List<String> released = new ArrayList<>();
  private final BalloonDevice device = new BalloonDevice(this::note);
  private TestGuest guest;
  private List<TestDriver> queues;

  private void note(MemorySegment pages) {
    long at = pages.address() - guest.ram().address();
    assertThat(at).isBetween(0L, SIZE - pages.byteSize());
    released.add(at / 4096 + "+" + pages.byteSize() / 4096);
  }

  private void boot(boolean packed, long features) {
    guest = new TestGuest(SIZE, packed);
    queues = guest.start(device, features, 16);
  }

  @AfterEach
  void end() {
    device.stop();
    guest.close();
  }

  private static byte[] numbers(int... pages) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * pages.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int page : pages) {
      bytes.putInt(page);
    }
    return bytes.array();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void inflatedPagesAreReleasedInRuns(boolean packed) {
    boot(packed, device.features());
    queues.get(0).offer(numbers(100, 101, 102, 500, 7, 6, 5, 5), 6, 0);
    device.kicked(0);
    assertThat(released).containsExactly("100+3", "500+1", "5+3", "5+1");
    assertThat(queues.get(0).answer()).isNotNull();
    queues.get(1).offer(numbers(100), 0);
    device.kicked(1);
    assertThat(queues.get(1).answer()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void reportedPagesAreReleasedWhole(boolean packed) {
    boot(packed, device.features());
    queues.get(3).offer(new byte[0], 3 << 12);
    device.kicked(3);
    assertThat(released).hasSize(1);
    assertThat(released.getFirst()).endsWith("+2"); // offered unaligned: the edges are not given up
    assertThat(queues.get(3).answer()).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void withoutStatisticsReportingMovesUp(boolean packed) {
    boot(packed, 1 << 5);
    queues.get(2).offer(new byte[0], 3 << 12);
    device.kicked(2);
    assertThat(released).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void statisticsComeWhenAskedFor(boolean packed) {
    boot(packed, device.features());
    ByteBuffer said = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
    said.putShort((short) 4).putLong(1000).putShort((short) 6).putLong(3000);
    queues.get(2).offer(said.array(), 0);
    device.kicked(2);
    assertThat(queues.get(2).answer()).isNull();
    assertThat(device.statistics().free()).hasValue(1000);
    assertThat(device.statistics().available()).hasValue(3000);
    assertThat(device.statistics().total()).isEmpty();
    device.askStatistics();
    device.askStatistics();
    assertThat(queues.get(2).answer()).isNotNull();
    assertThat(queues.get(2).answer()).isNull();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void line51PagesOutsideMemoryBreakTheDevice(boolean packed) {
    for (int page : new int[] {(int) (SIZE >> 12), -1, Integer.MIN_VALUE}) {
      boot(packed, device.features());
      queues.get(0).offer(numbers(1, page), 0);
      assertThatThrownBy(() -> device.kicked(0)).isInstanceOf(VirtioException.class);
      device.stop();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theTargetIsConfigurationAndState(boolean packed) {
    boot(packed, device.features());
    var told = new int[1];
    device.onConfigChange(() -> told[0]++);
    device.target(64 << 20);
    assertThat(told[0]).isEqualTo(1);
    MemorySegment config = MemorySegment.ofArray(new int[4]);
    device.readConfig(config);
    assertThat(config.toArray(ValueLayout.JAVA_INT)[0]).isEqualTo(16384);
    device.writeConfig(4, numbers(10));
    assertThat(device.actual()).isEqualTo(40960);
    var other = new BalloonDevice(pages -> {});
    other.restore(device.state());
    assertThat(other.actual()).isEqualTo(40960);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void line51MorePageNumbersThanADriverSendsAtOnceBreakTheDevice(boolean packed) {
    boot(packed, device.features());
    queues.get(0).offer(new byte[(1 << 20) + 4], 0);
    assertThatThrownBy(() -> device.kicked(0)).isInstanceOf(VirtioException.class);
    assertThat(released).isEmpty();
  }
}
