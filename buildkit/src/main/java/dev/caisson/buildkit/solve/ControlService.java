/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildException;
import dev.caisson.build.BuildPlace;
import dev.caisson.buildkit.grpc.GrpcCall;
import dev.caisson.buildkit.grpc.GrpcException;
import dev.caisson.buildkit.grpc.GrpcMethod;
import dev.caisson.buildkit.wire.ProtoReader;
import dev.caisson.buildkit.wire.ProtoWriter;
import dev.caisson.engine.Engine;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.HashMap;
import java.util.Map;

/** {@code moby.buildkit.v1.Control}: builds, their progress, and what they leave on the disk. */
public final class ControlService {
  private static final String SERVICE = "/moby.buildkit.v1.Control/";

  private final Engine engine;
  private final Solves solves;

  public ControlService(Engine engine, Solves solves) {
    this.engine = engine;
    this.solves = solves;
  }

  /** By path. */
  public Map<String, GrpcMethod> methods() {
    Map<String, GrpcMethod> methods = new HashMap<>();
    methods.put(SERVICE + "Info", GrpcMethod.unary(_ -> info().toBytes()));
    methods.put(SERVICE + "ListWorkers", GrpcMethod.unary(_ -> workers()));
    methods.put(SERVICE + "Solve", this::solve);
    methods.put(SERVICE + "Status", this::status);
    methods.put(SERVICE + "DiskUsage", GrpcMethod.unary(_ -> diskUsage()));
    methods.put(SERVICE + "Prune", this::prune);
    methods.put("/grpc.health.v1.Health/Check", GrpcMethod.unary(_ -> serving()));
    // Traces are taken and dropped, as by a BuildKit without a collector.
    methods.put(
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        GrpcMethod.unary(_ -> new byte[0]));
    return methods;
  }

  private static ProtoWriter info() {
    return new ProtoWriter().message(1, version());
  }

  private static ProtoWriter version() {
    return new ProtoWriter().text(1, "caisson").text(2, "v0.1.0");
  }

  /** {@code grpc.health.v1}: SERVING. */
  private static byte[] serving() {
    return new ProtoWriter().number(1, 1).toBytes();
  }

  /** One worker, this engine, for this machine's platform. */
  static ProtoWriter worker() {
    String machine = System.getProperty("os.arch", "").equals("aarch64") ? "arm64" : "amd64";
    return new ProtoWriter()
        .text(1, "caisson")
        .map(2, Map.of("org.mobyproject.buildkit.worker.executor", "caisson"))
        .message(3, new ProtoWriter().text(1, machine).text(2, "linux"))
        .message(5, version());
  }

  private static byte[] workers() {
    return new ProtoWriter().message(1, worker()).toBytes();
  }

  private void solve(GrpcCall call) throws IOException {
    try {
      SolveRequest request = SolveRequest.ofControl(call.receive().orElse(new byte[0]));
      call.onCancel(solves.job(request.ref())::cancel);
      call.send(new ProtoWriter().map(1, solves.solve(request)).toBytes());
    } catch (BuildException failed) {
      throw new GrpcException(GrpcException.Code.UNKNOWN, String.valueOf(failed.getMessage()));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the build was interrupted");
    }
  }

  private void status(GrpcCall call) throws IOException {
    String ref = ref(call.receive().orElse(new byte[0]));
    SolveJob job = solves.job(ref);
    call.onCancel(job.log()::end);
    try {
      for (var next = job.log().next(); next.isPresent(); next = job.log().next()) {
        call.send(next.get());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the engine stops");
    } finally {
      solves.forgetWatched(ref, job);
    }
  }

  private static String ref(byte[] request) {
    var in = new ProtoReader(request);
    String ref = "";
    while (in.next()) {
      if (in.field() == 1) {
        ref = in.text();
      }
    }
    return ref;
  }

  /** What RUN --mount=type=cache keeps; layers belong to images. */
  private byte[] diskUsage() {
    var out = new ProtoWriter();
    BuildPlace.of(engine)
        .mountCacheSizes()
        .forEach((name, size) -> out.message(1, usage(name, size)));
    return out.toBytes();
  }

  private static ProtoWriter usage(String name, long size) {
    return new ProtoWriter()
        .text(1, name)
        .flag(2, true)
        .number(4, size)
        .text(9, "cached mount")
        .text(10, "exec.cachemount");
  }

  private void prune(GrpcCall call) throws IOException {
    BuildPlace place = BuildPlace.of(engine);
    Map<String, Long> sizes = place.mountCacheSizes();
    place.prune();
    for (var each : sizes.entrySet()) {
      call.send(usage(each.getKey(), each.getValue()).toBytes());
    }
  }
}
