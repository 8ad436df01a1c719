/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.grpc.GrpcCall;
import dev.caisson.buildkit.grpc.GrpcException;
import dev.caisson.buildkit.grpc.GrpcMethod;
import dev.caisson.buildkit.wire.ProtoReader;
import dev.caisson.buildkit.wire.ProtoWriter;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code moby.buildkit.v1.frontend.LLBBridge}: a client that drives the front end of its build
 * itself, as buildx does. It is told what this engine can do and asks for nothing else.
 */
public final class BridgeService {
  private static final String SERVICE = "/moby.buildkit.v1.frontend.LLBBridge/";

  /** Which build a call belongs to. */
  private static final String BUILD = "buildkit-controlapi-buildid";

  /** Of the front end's interface: the rest, as reading files of a result, is not offered. */
  private static final List<String> CAPABILITIES =
      List.of(
          "solve.base",
          "return",
          "returnmap",
          "proto.refarray",
          "frontend.caps",
          "gateway.solve.evaluate",
          "gateway.evaluate");

  private final Solves solves;

  public BridgeService(Solves solves) {
    this.solves = solves;
  }

  /** By path. */
  public Map<String, GrpcMethod> methods() {
    Map<String, GrpcMethod> methods = new HashMap<>();
    methods.put(SERVICE + "Ping", GrpcMethod.unary(_ -> pong()));
    methods.put(SERVICE + "Solve", this::solve);
    methods.put(SERVICE + "Return", this::returned);
    methods.put(SERVICE + "Evaluate", GrpcMethod.unary(_ -> new byte[0])); // results are whole
    methods.put(SERVICE + "Inputs", GrpcMethod.unary(_ -> new byte[0]));
    return methods;
  }

  private static byte[] pong() {
    var out = new ProtoWriter();
    for (String each : CAPABILITIES) {
      out.message(1, new ProtoWriter().text(1, each).flag(2, true));
    }
    // Of the graph's operations there are none; an empty list would stand for BuildKit's oldest.
    out.message(2, new ProtoWriter().text(1, "source.image"));
    return out.message(3, ControlService.worker()).toBytes();
  }

  private SolveJob job(GrpcCall call) {
    return solves.job(call.header(BUILD));
  }

  private void solve(GrpcCall call) throws IOException {
    try {
      SolveJob job = job(call);
      String session = job.request().session();
      byte[] message = call.receive().orElse(new byte[0]);
      SolveRequest request = SolveRequest.ofBridge(message, call.header(BUILD), session);
      call.onCancel(job::cancel);
      String id = job.keep(solves.solvePart(request, job));
      var result = new ProtoWriter().message(3, new ProtoWriter().text(1, id));
      call.send(new ProtoWriter().message(3, result).toBytes());
    } catch (BuildException failed) {
      throw new GrpcException(GrpcException.Code.UNKNOWN, String.valueOf(failed.getMessage()));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the build was interrupted");
    }
  }

  private void returned(GrpcCall call) throws IOException {
    SolveJob job = job(call);
    var in = new ProtoReader(call.receive().orElse(new byte[0]));
    String id = "";
    String error = "";
    boolean failed = false;
    while (in.next()) {
      switch (in.field()) {
        case 1 -> id = result(in.message());
        case 2 -> {
          failed = true;
          error = status(in.message());
        }
        default -> {}
      }
    }
    if (failed) {
      job.failing(new BuildException(error.isEmpty() ? "the client gave up" : error));
    } else {
      job.returning(job.image(id));
    }
    call.send(new byte[0]);
  }

  /** The one reference of a result; several stand for several platforms. */
  private static String result(ProtoReader in) {
    String id = "";
    while (in.next()) {
      switch (in.field()) {
        case 1 -> id = in.text();
        case 3 -> id = reference(in.message());
        case 4 -> {
          ProtoReader map = in.message();
          while (map.next()) {
            ProtoReader entry = map.message();
            while (entry.next()) {
              id = entry.field() == 2 ? reference(entry.message()) : id;
            }
          }
        }
        default -> {}
      }
    }
    return id;
  }

  private static String reference(ProtoReader in) {
    String id = "";
    while (in.next()) {
      id = in.field() == 1 ? in.text() : id;
    }
    return id;
  }

  /** {@code google.rpc.Status}. */
  private static String status(ProtoReader in) {
    String message = "";
    while (in.next()) {
      message = in.field() == 2 ? in.text() : message;
    }
    return message;
  }
}
