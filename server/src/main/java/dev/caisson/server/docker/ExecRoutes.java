/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Attachment;
import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineException.Kind;
import dev.caisson.engine.Output;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.view.ExecInfo;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Json;
import dev.caisson.server.http.RouteTable;
import dev.caisson.server.http.Takeover;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** {@code /exec}. */
final class ExecRoutes {
  private final Containers containers;
  private final HostAccess access;

  ExecRoutes(Engine engine, HostAccess access) {
    this.access = access;
    this.containers = engine.containers();
  }

  void addTo(RouteTable routes) {
    routes
        .post("/containers/{id}/exec", this::create)
        .post("/exec/{id}/start", this::start)
        .post(
            "/exec/{id}/resize",
            exchange -> {
              containers.resizeExec(
                  exchange.path("id"), Queries.size(exchange, "h"), Queries.size(exchange, "w"));
              exchange.empty(200);
            })
        .get(
            "/exec/{id}/json",
            exchange -> exchange.json(inspect(containers.inspectExec(exchange.path("id")))));
  }

  private void create(Exchange exchange) throws IOException {
    Body body = Body.of(exchange.json());
    List<String> command = body.strings("Cmd");
    if (command.isEmpty()) {
      throw HttpException.badRequest("No exec command specified");
    }
    if (body.flag("Privileged")) {
      access.check(HostAccess.Kind.PRIVILEGED, "a privileged exec", exchange.client());
    }
    ExecSpec spec =
        new ExecSpec(
            command,
            body.strings("Env"),
            body.text("User", ""),
            body.text("WorkingDir", ""),
            body.flag("Tty"),
            body.flag("Privileged"),
            body.flag("AttachStdin"),
            body.flag("AttachStdout"),
            body.flag("AttachStderr"),
            body.text("DetachKeys", ""),
            CreateBody.consoleSize(body));
    exchange.json(201, Json.object().put("Id", containers.createExec(exchange.path("id"), spec)));
  }

  private void start(Exchange exchange) throws IOException {
    String id = exchange.path("id");
    Body body = Body.of(exchange.json());
    if (body.flag("Detach")) {
      containers.startExecDetached(id);
      exchange.empty(200);
      return;
    }
    ExecInfo info = containers.inspectExec(id);
    String type = Frames.type(info.spec().tty(), exchange.version().atLeast(1, 42));
    Attachment attachment;
    try {
      attachment = containers.startExec(id);
    } catch (EngineException failed) {
      if (failed.kind() != Kind.COMMAND_NOT_FOUND && failed.kind() != Kind.NOT_EXECUTABLE) {
        throw failed;
      }
      // As dockerd: the command's absence is told in its stream, its exit code by inspect.
      exchange.takeOver(type, client -> tell(client, info, failed));
      return;
    }
    CreateBody.consoleSize(body)
        .filter(size -> info.spec().tty())
        .ifPresent(size -> attachment.resize(size.rows(), size.columns()));
    // Clients ask for the exit code as soon as the stream ends.
    exchange.takeOver(
        type,
        client ->
            AttachSession.run(
                attachment, client, info.spec().attachStdin(), () -> containers.execExit(id)));
  }

  private static void tell(Takeover client, ExecInfo info, EngineException failed) {
    byte[] message = (ErrorForms.message(failed) + "\r\n").getBytes(StandardCharsets.UTF_8);
    try {
      new Frames(client.output(), info.spec().tty()).write(Output.Stream.STDERR, message);
      client.output().close();
    } catch (IOException gone) {
      // There is nobody left to tell.
    }
  }

  private static ObjectNode inspect(ExecInfo info) {
    ExecSpec spec = info.spec();
    ObjectNode json = Json.object();
    json.put("ID", info.id());
    json.put("Running", info.running());
    info.exitCode()
        .ifPresentOrElse(code -> json.put("ExitCode", code), () -> json.putNull("ExitCode"));
    ObjectNode process = json.putObject("ProcessConfig");
    process.put("tty", spec.tty());
    process.put("entrypoint", spec.command().getFirst());
    process.set("arguments", Json.strings(spec.command().subList(1, spec.command().size())));
    process.put("privileged", spec.privileged());
    process.put("user", spec.user());
    json.put("OpenStdin", spec.attachStdin());
    json.put("OpenStderr", spec.attachStderr());
    json.put("OpenStdout", spec.attachStdout());
    json.put("CanRemove", !info.running());
    json.put("ContainerID", info.containerId());
    json.put("DetachKeys", spec.detachKeys());
    json.put("Pid", info.pid());
    return json;
  }
}
