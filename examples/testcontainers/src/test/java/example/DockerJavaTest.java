/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** docker-java itself, without Testcontainers around it. */
class DockerJavaTest {
  @Test
  void aContainersLife() throws Exception {
    var config = DefaultDockerClientConfig.createDefaultConfigBuilder().build();
    var transport = new ZerodepDockerHttpClient.Builder().dockerHost(config.getDockerHost()).build();
    try (DockerClient docker = DockerClientImpl.getInstance(config, transport)) {
      docker.pingCmd().exec();
      assertEquals("linux", docker.infoCmd().exec().getOsType());
      assertEquals("1.51", docker.versionCmd().exec().getApiVersion());
      assertTrue(docker.listImagesCmd().exec().size() >= 1);
      String id =
          docker
              .createContainerCmd("busybox:latest")
              .withHostConfig(HostConfig.newHostConfig().withMemory(32L << 20))
              .withCmd("sh", "-c", "echo started; cat; sleep 1000")
              .exec()
              .getId();
      docker.startContainerCmd(id).exec();
      assertTrue(docker.inspectContainerCmd(id).exec().getState().getRunning());
      assertEquals("hello\n", exec(docker, id, "echo", "hello"));
      docker.copyArchiveToContainerCmd(id).withRemotePath("/tmp").withTarInputStream(emptyTar()).exec();
      assertTrue(docker.topContainerCmd(id).exec().getProcesses().length >= 1);
      assertEquals("started\n", logs(docker, id));
      docker.killContainerCmd(id).exec();
      assertEquals(137, docker.waitContainerCmd(id).exec(new WaitContainerResultCallback()).awaitStatusCode());
      docker.removeContainerCmd(id).exec();
      assertThrows(NotFoundException.class, () -> docker.inspectContainerCmd(id).exec());
    }
  }

  private static String exec(DockerClient docker, String container, String... command) throws Exception {
    String id = docker.execCreateCmd(container).withCmd(command).withAttachStdout(true).exec().getId();
    Output output = new Output();
    docker.execStartCmd(id).exec(output).awaitCompletion();
    assertEquals(0, docker.inspectExecCmd(id).exec().getExitCodeLong());
    return output.toString();
  }

  private static String logs(DockerClient docker, String container) throws Exception {
    Output output = new Output();
    docker.logContainerCmd(container).withStdOut(true).withTailAll().exec(output).awaitCompletion();
    return output.toString();
  }

  private static ByteArrayInputStream emptyTar() {
    return new ByteArrayInputStream(new byte[1024]); // two blocks of zeros end an archive
  }

  private static final class Output extends ResultCallback.Adapter<Frame> {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void onNext(Frame frame) {
      bytes.writeBytes(frame.getPayload());
    }

    @Override
    public String toString() {
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }
}
