/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.ResourceSpec.DeviceRate;
import dev.caisson.engine.text.ByteSize;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a new container may use. */
public final class ResourceOptions {
  @Mixin LimitOptions limits = new LimitOptions();

  @Option(
      names = "--memory-swappiness",
      paramLabel = "NUMBER",
      description = "0 to 100: how readily it is swapped out")
  Optional<Long> swappiness = Optional.empty();

  @Option(
      names = "--oom-kill-disable",
      description = "let it wait for memory instead of killing it")
  boolean oomKillDisable;

  @Option(
      names = "--oom-score-adj",
      paramLabel = "NUMBER",
      description = "-1000 to 1000: how readily it is killed for want of memory")
  Optional<Integer> oomScore = Optional.empty();

  @Option(
      names = "--ulimit",
      paramLabel = "NAME=SOFT[:HARD]",
      description = "a limit of each of its processes; may be repeated")
  List<String> ulimits = new ArrayList<>();

  @Option(
      names = "--device",
      paramLabel = "HOST[:CONTAINER[:rwm]]",
      description = "a device of this host; may be repeated")
  List<String> devices = new ArrayList<>();

  @Option(
      names = "--gpus",
      paramLabel = "WHICH",
      description = "refused: pass a GPU's device nodes with --device")
  Optional<String> gpus = Optional.empty();

  @Option(
      names = "--device-cgroup-rule",
      paramLabel = "RULE",
      description = "as \"c 1:3 mr\"; may be repeated")
  List<String> deviceRules = new ArrayList<>();

  @Option(
      names = "--device-read-bps",
      paramLabel = "DEVICE:RATE",
      description = "bytes read a second; may be repeated")
  List<String> readBytes = new ArrayList<>();

  @Option(
      names = "--device-write-bps",
      paramLabel = "DEVICE:RATE",
      description = "bytes written a second; may be repeated")
  List<String> writeBytes = new ArrayList<>();

  @Option(
      names = "--device-read-iops",
      paramLabel = "DEVICE:RATE",
      description = "reads a second; may be repeated")
  List<String> reads = new ArrayList<>();

  @Option(
      names = "--device-write-iops",
      paramLabel = "DEVICE:RATE",
      description = "writes a second; may be repeated")
  List<String> writes = new ArrayList<>();

  ResourceSpec spec() {
    var builder = limits.builder();
    swappiness.ifPresent(builder::memorySwappiness);
    builder.oomKillDisable(oomKillDisable);
    oomScore.ifPresent(builder::oomScoreAdjustment);
    var rates = new ArrayList<DeviceRate>();
    rates(rates, DeviceRate.Kind.READ_BPS, readBytes);
    rates(rates, DeviceRate.Kind.WRITE_BPS, writeBytes);
    rates(rates, DeviceRate.Kind.READ_IOPS, reads);
    rates(rates, DeviceRate.Kind.WRITE_IOPS, writes);
    return builder
        .ulimits(ulimits.stream().map(ResourceOptions::ulimit).toList())
        .devices(devices.stream().map(ResourceOptions::device).toList())
        .deviceRequests(gpus.stream().map(ResourceOptions::gpus).toList())
        .deviceRules(deviceRules)
        .blkioRates(rates)
        .build();
  }

  private static void rates(List<DeviceRate> to, DeviceRate.Kind kind, List<String> texts) {
    for (var text : texts) {
      int colon = text.lastIndexOf(':');
      if (colon <= 0) {
        throw EngineException.invalid(
            "bad format of device rate '" + text + "'", "write /dev/sda:1mb");
      }
      to.add(
          new DeviceRate(
              kind, text.substring(0, colon), ByteSize.parse(text.substring(colon + 1))));
    }
  }

  private static ResourceSpec.Ulimit ulimit(String text) {
    var match =
        java.util.regex.Pattern.compile("([a-z]+)=(-?[0-9]+)(?::(-?[0-9]+))?").matcher(text);
    if (!match.matches()) {
      throw EngineException.invalid(
          "invalid ulimit argument: " + text, "write nofile=1024 or nofile=1024:2048");
    }
    long soft = Long.parseLong(match.group(2));
    return new ResourceSpec.Ulimit(
        match.group(1), soft, match.group(3) == null ? soft : Long.parseLong(match.group(3)));
  }

  /** As docker asks for them; the engine says why not. */
  private static ResourceSpec.DeviceRequest gpus(String which) {
    return new ResourceSpec.DeviceRequest("", -1, List.of(which), List.of(List.of("gpu")));
  }

  private static ResourceSpec.Device device(String text) {
    var parts = text.split(":", -1);
    var inner = parts.length > 1 && !parts[1].matches("[rwm]+") ? parts[1] : parts[0];
    var rights =
        parts.length > 1 && parts[parts.length - 1].matches("[rwm]+")
            ? parts[parts.length - 1]
            : "rwm";
    return new ResourceSpec.Device(parts[0], inner, rights);
  }

  /** Limits that can also be changed later. */
  public static final class LimitOptions {
    @Option(
        names = {"-m", "--memory"},
        paramLabel = "SIZE",
        description = "how much it may have")
    Optional<String> memory = Optional.empty();

    @Option(names = "--memory-swap", paramLabel = "SIZE", description = "-1 for unlimited swap")
    Optional<String> memorySwap = Optional.empty();

    @Option(
        names = "--memory-reservation",
        paramLabel = "SIZE",
        description = "what it is left with when memory is short")
    Optional<String> reservation = Optional.empty();

    @Option(
        names = "--cpus",
        paramLabel = "NUMBER",
        description = "how many processors at most, as 1.5")
    Optional<BigDecimal> cpus = Optional.empty();

    @Option(
        names = {"-c", "--cpu-shares"},
        paramLabel = "NUMBER",
        description = "weight against others (1024)")
    Optional<Long> shares = Optional.empty();

    @Option(names = "--cpu-period", paramLabel = "MICROSECONDS", description = "of --cpu-quota")
    Optional<Long> period = Optional.empty();

    @Option(
        names = "--cpu-quota",
        paramLabel = "MICROSECONDS",
        description = "of processor time in each period")
    Optional<Long> quota = Optional.empty();

    @Option(names = "--cpuset-cpus", paramLabel = "0-3,5", description = "which processors")
    Optional<String> cpuset = Optional.empty();

    @Option(names = "--cpuset-mems", paramLabel = "0,1", description = "which memory nodes")
    Optional<String> memoryNodes = Optional.empty();

    @Option(
        names = "--pids-limit",
        paramLabel = "NUMBER",
        description = "processes and threads; -1 for no limit")
    Optional<Long> pids = Optional.empty();

    @Option(names = "--blkio-weight", paramLabel = "NUMBER", description = "10 to 1000")
    Optional<Integer> weight = Optional.empty();

    public ResourceSpec.Builder builder() {
      var builder = ResourceSpec.builder();
      size(memory, builder::memory);
      size(memorySwap, builder::memorySwap);
      size(reservation, builder::memoryReservation);
      cpus.ifPresent(number -> builder.nanoCpus(nanoCpus(number)));
      shares.ifPresent(builder::cpuShares);
      period.ifPresent(builder::cpuPeriod);
      quota.ifPresent(builder::cpuQuota);
      cpuset.ifPresent(builder::cpusetCpus);
      memoryNodes.ifPresent(builder::cpusetMems);
      pids.ifPresent(builder::pids);
      weight.ifPresent(builder::blkioWeight);
      return builder;
    }

    private static long nanoCpus(BigDecimal number) {
      if (number.signum() < 0) {
        throw EngineException.invalid("invalid --cpus " + number, "write it as 1.5");
      }
      return number.movePointRight(9).longValue();
    }

    private static void size(Optional<String> text, LongConsumer setter) {
      text.ifPresent(value -> setter.accept(value.equals("-1") ? -1 : ByteSize.parse(value)));
    }
  }
}
