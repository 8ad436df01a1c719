/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.ResourceSpec.DeviceRate.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import tools.jackson.databind.JsonNode;

/** The Resources part of HostConfig, which {@code POST /containers/ID/update} sends alone. */
final class ResourceBody {
  private ResourceBody() {}

  static ResourceSpec read(Body host) {
    ResourceSpec.Builder limits = ResourceSpec.builder();
    memory(host, limits);
    processors(host, limits);
    set(host.numberUnlessZero("PidsLimit"), limits::pids);
    blockDevices(host, limits);
    limits.ulimits(host.objects("Ulimits", ResourceBody::ulimit));
    limits.devices(host.objects("Devices", ResourceBody::device));
    limits.deviceRules(host.strings("DeviceCgroupRules"));
    limits.deviceRequests(host.objects("DeviceRequests", ResourceBody::deviceRequest));
    return limits.build();
  }

  private static void memory(Body host, ResourceSpec.Builder limits) {
    set(host.numberUnlessZero("Memory"), limits::memory);
    set(host.numberUnlessZero("MemoryReservation"), limits::memoryReservation);
    set(host.numberUnlessZero("MemorySwap"), limits::memorySwap);
    OptionalLong swappiness = host.number("MemorySwappiness");
    if (swappiness.isPresent() && swappiness.getAsLong() >= 0) { // -1 is "not said"
      limits.memorySwappiness(swappiness.getAsLong());
    }
    set(host.numberUnlessZero("KernelMemory"), limits::kernelMemory);
    limits.oomKillDisable(host.flag("OomKillDisable"));
    setUnlessZero(host.integer("OomScoreAdj"), limits::oomScoreAdjustment);
  }

  private static void processors(Body host, ResourceSpec.Builder limits) {
    set(host.numberUnlessZero("CpuShares"), limits::cpuShares);
    set(host.numberUnlessZero("CpuPeriod"), limits::cpuPeriod);
    set(host.numberUnlessZero("CpuQuota"), limits::cpuQuota);
    set(host.numberUnlessZero("CpuRealtimePeriod"), limits::cpuRealtimePeriod);
    set(host.numberUnlessZero("CpuRealtimeRuntime"), limits::cpuRealtimeRuntime);
    set(host.numberUnlessZero("NanoCpus"), limits::nanoCpus);
    host.text("CpusetCpus").ifPresent(limits::cpusetCpus);
    host.text("CpusetMems").ifPresent(limits::cpusetMems);
  }

  private static void blockDevices(Body host, ResourceSpec.Builder limits) {
    setUnlessZero(host.integer("BlkioWeight"), limits::blkioWeight);
    limits.blkioWeightDevices(
        host.objects(
            "BlkioWeightDevice",
            each ->
                new ResourceSpec.DeviceWeight(
                    each.text("Path", ""), each.integer("Weight").orElse(0))));
    List<ResourceSpec.DeviceRate> rates = new ArrayList<>();
    rates.addAll(rates(host, "BlkioDeviceReadBps", Kind.READ_BPS));
    rates.addAll(rates(host, "BlkioDeviceWriteBps", Kind.WRITE_BPS));
    rates.addAll(rates(host, "BlkioDeviceReadIOps", Kind.READ_IOPS));
    rates.addAll(rates(host, "BlkioDeviceWriteIOps", Kind.WRITE_IOPS));
    limits.blkioRates(rates);
  }

  private static ResourceSpec.Ulimit ulimit(Body each) {
    return new ResourceSpec.Ulimit(
        each.text("Name", ""), each.number("Soft").orElse(0), each.number("Hard").orElse(0));
  }

  private static ResourceSpec.Device device(Body each) {
    return new ResourceSpec.Device(
        each.text("PathOnHost", ""),
        each.text("PathInContainer", ""),
        each.text("CgroupPermissions", "rwm"));
  }

  private static void setUnlessZero(OptionalInt value, IntConsumer setter) {
    if (value.orElse(0) != 0) {
      setter.accept(value.getAsInt());
    }
  }

  private static void set(OptionalLong value, LongConsumer setter) {
    value.ifPresent(setter);
  }

  private static List<ResourceSpec.DeviceRate> rates(Body host, String name, Kind kind) {
    return host.objects(
        name,
        each ->
            new ResourceSpec.DeviceRate(
                kind, each.text("Path", ""), each.number("Rate").orElse(0)));
  }

  private static ResourceSpec.DeviceRequest deviceRequest(Body request) {
    List<List<String>> capabilities = new ArrayList<>();
    for (JsonNode set : request.node().path("Capabilities")) {
      capabilities.add(set.valueStream().map(JsonNode::asString).toList());
    }
    return new ResourceSpec.DeviceRequest(
        request.text("Driver", ""),
        request.integer("Count").orElse(0),
        request.strings("DeviceIDs"),
        List.copyOf(capabilities));
  }
}
