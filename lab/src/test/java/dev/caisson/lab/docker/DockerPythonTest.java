/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** docker-py, the library under many tools. */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class DockerPythonTest {
  private static final String PROGRAM =
      """
      import docker, io, tarfile, sys
      client = docker.DockerClient(base_url=sys.argv[1])
      assert client.ping()
      assert client.version()["ApiVersion"] == "1.51"
      assert client.containers.run("busybox", "echo hi", remove=True) == b"hi\\n"
      try:
          client.containers.run("busybox", "sh -c 'echo no >&2; exit 9'", remove=True)
          assert False
      except docker.errors.ContainerError as e:
          assert e.exit_status == 9 and b"no" in e.stderr
      c = client.containers.run("busybox", "sleep 1000", detach=True, name="py", labels={"a": "b"},
                                mem_limit="32m", environment={"X": "y"})
      c.reload()
      assert c.status == "running" and c.attrs["HostConfig"]["Memory"] == 32 << 20
      code, out = c.exec_run(["sh", "-c", "echo $X; exit 4"])
      assert (code, out) == (4, b"y\\n"), (code, out)
      sock = client.api.exec_start(client.api.exec_create(c.id, "cat", stdin=True)["Id"], socket=True)
      sock._sock.send(b"through\\n")
      assert b"through" in sock._sock.recv(100)
      sock.close()
      data = io.BytesIO()
      with tarfile.open(fileobj=data, mode="w") as tar:
          info = tarfile.TarInfo("f"); info.size = 3; tar.addfile(info, io.BytesIO(b"abc"))
      assert c.put_archive("/tmp", data.getvalue())
      bits, stat = c.get_archive("/tmp/f")
      assert stat["name"] == "f" and stat["size"] == 3
      with tarfile.open(fileobj=io.BytesIO(b"".join(bits))) as tar:
          assert tar.extractfile("f").read() == b"abc"
      assert any(change["Path"] == "/tmp/f" for change in c.diff())
      stats = c.stats(stream=False)
      assert stats["memory_stats"]["limit"] == 32 << 20 and stats["precpu_stats"]["cpu_usage"]
      assert c.top()["Titles"]
      c.pause(); c.unpause(); c.rename("py2"); c.update(mem_limit="48m", memswap_limit="48m")
      assert [x.name for x in client.containers.list(filters={"label": "a=b"})] == ["py2"]
      image = c.commit("py-image", "1", changes=["ENV Z=1"])
      assert "Z=1" in image.attrs["Config"]["Env"]
      saved = b"".join(image.save(named=True))
      client.images.remove("py-image:1")
      assert client.images.load(saved)[0].tags == ["py-image:1"]
      network = client.networks.create("py-net")
      network.connect(c, aliases=["other"])
      network.reload()
      assert [x.name for x in network.containers] == ["py2"]
      network.disconnect(c)
      network.remove()
      volume = client.volumes.create("py-volume")
      volume.remove()
      c.stop(timeout=0)
      assert c.wait()["StatusCode"] == 137
      assert c.logs() == b""
      c.remove()
      try:
          client.containers.get("py2")
          assert False
      except docker.errors.NotFound:
          pass
      assert client.info()["OSType"] == "linux" and "Images" in client.df()
      client.containers.prune(); client.images.prune(); client.networks.prune(); client.volumes.prune()
      built, log = client.images.build(fileobj=io.BytesIO(b"FROM busybox\\nRUN echo built > /b\\n"), tag="py-built")
      assert client.containers.run("py-built", "cat /b", remove=True) == b"built\\n"
      print("done")
      """;

  @Test
  void aProgramUsesMostOfIt() throws Exception {
    Assumptions.assumeTrue(
        Shell.of("python3", "-c", "import docker").run().code() == 0,
        "needs the package python3-docker");
    try (EngineProcess engine = EngineProcess.start()) {
      engine.importBusybox();
      assertThat(Shell.of("python3", "-c", PROGRAM, engine.address()).within(150).ok())
          .isEqualTo("done\n");
      ClientCoverage.check(
          engine.requests(), "docker-py", agent -> agent.startsWith("docker-sdk-python/"));
    }
  }
}
