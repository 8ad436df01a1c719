/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.LocalCommands.Result;
import dev.caisson.engine.Filters;
import dev.caisson.engine.view.ImageHistory;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Dockerfiles built by {@code caisson build} on the real kernel. */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class BuildTest {
  private LocalCommands local;
  private Path context;

  @BeforeEach
  void open() throws Exception {
    local = LocalCommands.withBusybox();
    context = Files.createDirectory(local.place.directory().resolve("context"));
  }

  @AfterEach
  void close() throws Exception {
    if (local != null) {
      var left = local.engine.containers().list(true, 0, false, Filters.none());
      local.engine.close();
      try (var scratch = Files.list(local.place.options().scratch())) {
        assertThat(scratch).as("temporary files").isEmpty();
      }
      local.place.close();
      assertThat(left).as("a build leaves no container").isEmpty();
    }
  }

  private Result caisson(String... words) {
    return local.run(words);
  }

  private void file(String name, String text) throws Exception {
    Files.createDirectories(context.resolve(name).getParent());
    Files.writeString(context.resolve(name), text);
  }

  private Result build(String dockerfile, String... options) throws Exception {
    file("Dockerfile", dockerfile);
    return caisson(
        java.util.stream.Stream.of(
                List.of("build", "-t", "made", "--network", "none"),
                List.of(options),
                List.of("context"))
            .flatMap(List::stream)
            .toArray(String[]::new));
  }

  private void built(String dockerfile, String... options) throws Exception {
    var result = build(dockerfile, options);
    assertThat(result.err()).isEmpty();
    assertThat(result.code()).as(result.out()).isZero();
  }

  private String run(String... command) {
    var words = new java.util.ArrayList<>(List.of("run", "--rm", "--network", "none", "made"));
    words.addAll(List.of(command));
    var result = caisson(words.toArray(String[]::new));
    assertThat(result.err()).isEmpty();
    return result.out();
  }

  private static long cached(Result result) {
    return result.out().lines().filter(line -> line.contains("Using cache")).count();
  }

  private static final String TEN_STEPS =
      """
      FROM busybox
      ENV ONE=1
      RUN echo two > /two
      COPY a /a
      RUN echo four > /four
      WORKDIR /five
      COPY b /b
      RUN echo seven > /seven
      LABEL eight=8
      CMD ["cat", "/seven"]
      """;

  @Test
  void whatDidNotChangeIsNotDoneAgain() throws Exception {
    file("a", "1");
    file("b", "1");
    assertThat(cached(build(TEN_STEPS))).isZero();
    assertThat(cached(build(TEN_STEPS))).isEqualTo(9);
    Files.setLastModifiedTime(
        context.resolve("a"), java.nio.file.attribute.FileTime.fromMillis(1000));
    assertThat(cached(build(TEN_STEPS))).as("times do not count").isEqualTo(9);
    file("b", "2");
    assertThat(cached(build(TEN_STEPS))).as("from COPY b on").isEqualTo(5);
    file("a", "2");
    assertThat(cached(build(TEN_STEPS))).as("from COPY a on").isEqualTo(2);
    file("a", "1");
    file("b", "1");
    assertThat(cached(build(TEN_STEPS))).as("the first result is still known").isEqualTo(9);
    assertThat(cached(build(TEN_STEPS, "--no-cache"))).isZero();
    Files.setPosixFilePermissions(
        context.resolve("b"), java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
    assertThat(cached(build(TEN_STEPS))).as("modes count").isEqualTo(5);
  }

  @Test
  void theCacheOutlivesTheEngine() throws Exception {
    file("a", "1");
    file("b", "1");
    built(TEN_STEPS);
    local.reopen();
    assertThat(cached(build(TEN_STEPS))).isEqualTo(9);
  }

  @Test
  void onlyWhatChangesFilesMakesALayer() throws Exception {
    file("a", "1");
    file("b", "1");
    built(TEN_STEPS);
    var info = local.engine.images().inspect("made");
    assertThat(info.layers()).hasSize(1 + 6);
    assertThat(
            local.engine.images().history("made").reversed().stream().map(ImageHistory::createdBy))
        .hasSize(1 + 9)
        .contains("/bin/sh -c #(nop)  ENV ONE=1", "/bin/sh -c echo two > /two");
    assertThat(info.config().workingDirectory()).isEqualTo("/five");
    assertThat(run()).isEqualTo("seven\n");
    var images = caisson("images", "-q").out().lines().count();
    assertThat(images).as("steps in between are out of sight").isEqualTo(2);
    assertThat(caisson("images", "-aq").out().lines().count()).isGreaterThan(8);
    assertThat(caisson("rmi", "made").code()).isZero();
    assertThat(caisson("images", "-aq").out().lines().count()).isEqualTo(1);
  }

  @Test
  void copiesComeWithOwnersModesAndNames() throws Exception {
    file("dir/one.txt", "1");
    file("dir/two.md", "2");
    file("dir/sub/three.txt", "3");
    file("secret.key", "canary");
    file(".dockerignore", "# keys\n*.key\n!public.key\n");
    file("public.key", "p");
    Files.createSymbolicLink(context.resolve("here"), Path.of("dir"));
    built(
        """
        FROM busybox
        RUN echo someone:x:1234:1234::/:/bin/sh >> /etc/passwd && mkdir -m 0700 /kept && ln -s /kept /way
        COPY dir /plain
        COPY --chown=someone --chmod=u=rwX,go= dir /owned
        COPY --exclude=*.md --exclude=sub dir /some
        COPY --parents dir/./sub/*.txt dir/one.txt /parents/
        COPY here/one.txt /followed
        COPY dir/one.txt /way
        COPY *.key /keys/
        COPY . /all/
        COPY dir/one.txt /kept/
        """);
    assertThat(run("sh", "-c", "cd /plain; find . | sort | xargs"))
        .isEqualTo(". ./one.txt ./sub ./sub/three.txt ./two.md\n");
    assertThat(run("stat", "-c", "%U %a", "/owned/one.txt", "/owned/sub"))
        .isEqualTo("someone 600\nsomeone 700\n");
    assertThat(run("ls", "/some")).isEqualTo("one.txt\n");
    assertThat(run("sh", "-c", "cd /parents; find . -type f | sort | xargs"))
        .isEqualTo("./dir/one.txt ./sub/three.txt\n");
    assertThat(run("cat", "/followed")).isEqualTo("1");
    assertThat(run("sh", "-c", "ls /keys; cat /kept/one.txt; stat -c %a /kept"))
        .isEqualTo("public.key\n1700\n");
    assertThat(run("sh", "-c", "ls -A /all | xargs"))
        .isEqualTo(".dockerignore Dockerfile dir here public.key\n");
  }

  @Test
  void stagesGiveEachOtherFiles() throws Exception {
    var result =
        build(
            """
            ARG BASE=busybox
            FROM ${BASE} AS first
            RUN mkdir -p /out/sub && echo 1 > /out/a.bin && ln /out/a.bin /out/b.bin && echo 2 > /out/sub/c && ln -s out /via
            FROM busybox AS never
            RUN exit 1
            FROM first AS second
            ARG BASE
            RUN echo $BASE > /out/base
            FROM scratch
            COPY --from=busybox /bin/busybox /bin/
            COPY --from=second /via /dir
            COPY --from=0 /out/b.bin /out/base /files/
            COPY --from=first /out/b* /matched/
            COPY --from=first --parents /out/./sub/c /
            ENTRYPOINT ["/bin/busybox"]
            CMD ["cat", "/dir/base"]
            """
                .replace("--from=0 /out/b.bin /out/base", "--from=second /out/b.bin /out/base"),
            "--build-arg",
            "BASE=busybox:latest");
    assertThat(result.code()).as(result.out() + result.err()).isZero();
    assertThat(result.out()).doesNotContain("exit 1");
    assertThat(run()).isEqualTo("busybox:latest\n");
    assertThat(run("cat", "/dir/b.bin", "/dir/sub/c", "/files/b.bin", "/matched/b.bin", "/sub/c"))
        .isEqualTo("1\n2\n1\n1\n2\n");
    assertThat(local.engine.images().inspect("made").layers()).hasSize(5);
    assertThat(caisson("build", "-t", "made", "--target", "never", "context").code()).isEqualTo(1);
  }

  @Test
  void whatIsMountedForARunStaysOutOfTheImage() throws Exception {
    file("dir/source", "text");
    Files.writeString(local.place.directory().resolve("token"), "canary");
    var dockerfile =
        """
        FROM busybox AS tools
        RUN echo tool > /tool
        FROM busybox
        RUN --mount=type=cache,target=/cache,id=c echo x >> /cache/n; wc -l < /cache/n > /count
        RUN --mount=type=bind,source=dir,target=/src --mount=from=tools,source=/tool,target=/t \
            cat /src/source /t > /read; touch /src/no 2> /dev/null && exit 3; true
        RUN --mount=type=bind,source=dir,target=/src,rw touch /src/yes
        RUN --mount=type=tmpfs,target=/memory,size=1m grep -q memory /proc/mounts
        RUN --mount=type=secret,id=token --mount=type=secret,id=token,env=TOKEN \
            test "$(cat /run/secrets/token)" = can''ary && test $TOKEN = can''ary
        RUN --network=none ! grep -q eth0 /proc/net/dev
        """;
    built(dockerfile, "--secret", "id=token,src=token");
    assertThat(run("cat", "/count", "/read")).isEqualTo("1\ntexttool\n");
    assertThat(context.resolve("dir/yes")).doesNotExist();
    assertThat(run("sh", "-c", "find /cache /src /memory /run/secrets /t -type f -size +0"))
        .isEmpty();
    var all = new java.io.ByteArrayOutputStream();
    local.engine.images().save(List.of("made"), all);
    assertThat(all.toString(StandardCharsets.ISO_8859_1)).doesNotContain("canary");
    file("dir/source", "new");
    built(dockerfile, "--secret", "id=token,src=token");
    assertThat(run("cat", "/count", "/read")).as("what is bound counts").isEqualTo("1\nnewtool\n");
    assertThat(build(dockerfile + "RUN --mount=type=secret,id=other,required=true true\n").out())
        .contains("Step");
    assertThat(build("FROM busybox\nRUN --mount=type=secret,id=other,required=true true\n").err())
        .contains("--secret id=other");
    assertThat(caisson("builder", "prune", "-f").out()).contains("Total reclaimed space: ");
  }

  @Test
  void shellsScriptsAndTriggers() throws Exception {
    built(
        """
        # escape=`
        FROM busybox
        SHELL ["/bin/sh", "-ec"]
        RUN <<EOF
        A=1
        echo $A > /plain
        EOF
        RUN <<'EOF' cat > /quoted
        $HOME
        EOF
        RUN <<-EOF
        	#!/bin/sh -x
        	echo script > /script
        	EOF
        ARG WHO=you
        COPY <<one <<"two" /docs/
        hello $WHO
        one
        hello $WHO
        two
        RUN echo a `
            # a comment in between
            b > /joined
        ONBUILD RUN echo triggered > /tmp/triggered
        ONBUILD ENV BY=trigger
        HEALTHCHECK --interval=3s --retries=4 CMD cat /plain
        EXPOSE 80 90-91/udp
        STOPSIGNAL SIGUSR1
        VOLUME /data
        USER 7:8
        CMD id -u
        """);
    assertThat(run("cat", "/plain", "/quoted", "/script", "/docs/one", "/docs/two", "/joined"))
        .isEqualTo("1\n$HOME\nscript\nhello you\nhello $WHO\na b\n");
    assertThat(run()).isEqualTo("7\n");
    var config = local.engine.images().inspect("made").config();
    assertThat(config.command()).containsExactly("/bin/sh", "-ec", "id -u");
    assertThat(config.exposedPorts()).hasSize(3);
    assertThat(config.volumes()).containsExactly("/data");
    assertThat(config.stopSignal()).isEqualTo("SIGUSR1");
    assertThat(config.healthcheck().orElseThrow().retries()).hasValue(4);
    assertThat(config.onBuild()).hasSize(2);
    caisson("tag", "made", "parent");
    built("FROM parent\nUSER 0\n", "--label", "by=hand");
    assertThat(run("cat", "/tmp/triggered")).isEqualTo("triggered\n");
    var child = local.engine.images().inspect("made").config();
    assertThat(child.onBuild()).isEmpty();
    assertThat(child.environment()).contains("BY=trigger");
    assertThat(child.labels()).containsEntry("by", "hand");
  }

  @Test
  void addFetchesAndUnpacks() throws Exception {
    byte[] body = "fetched".getBytes(StandardCharsets.UTF_8);
    var digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
    try (var web = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> serve(web, body));
      var base = "http://127.0.0.1:" + web.getLocalPort();
      file("tree/x", "in tar");
      assertThat(
              new ProcessBuilder("tar", "-czf", "tree.tar.gz", "tree")
                  .directory(context.toFile())
                  .start()
                  .waitFor())
          .isZero();
      built(
          """
          FROM busybox
          ADD --checksum=sha256:%s %s/dir/file.txt /got/
          ADD tree.tar.gz /unpacked/
          ADD --unpack=false tree.tar.gz /whole/
          COPY tree.tar.gz /copied/
          """
              .formatted(digest, base));
      assertThat(run("sh", "-c", "cat /got/file.txt /unpacked/tree/x; ls /whole /copied"))
          .isEqualTo("fetchedin tar/copied:\ntree.tar.gz\n\n/whole:\ntree.tar.gz\n");
      assertThat(run("stat", "-c", "%a", "/got/file.txt")).isEqualTo("600\n");
      assertThat(
              build(
                      "FROM busybox\nADD --checksum=sha256:%s %s/dir/file.txt /\n"
                          .formatted("0".repeat(64), base))
                  .err())
          .contains("has the digest sha256:" + digest);
      assertThat(build("FROM busybox\nADD " + base + "/missing /x\n").err()).contains("404");
    }
  }

  /** A web server with one file, until it is closed. */
  private static void serve(ServerSocket web, byte[] body) {
    while (true) {
      try (var connection = web.accept()) {
        var in =
            new BufferedReader(
                new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
        boolean there = in.readLine().startsWith("GET /dir/file.txt ");
        for (var line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
          // headers do not matter
        }
        var head =
            "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
                .formatted(there ? "200 OK" : "404 Not Found", there ? body.length : 0);
        connection.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        connection.getOutputStream().write(there ? body : new byte[0]);
      } catch (IOException closed) {
        return;
      }
    }
  }

  @Test
  void nothingOutsideTheContextIsReachedOrChanged() throws Exception {
    var canary = local.place.directory().resolve("canary");
    Files.writeString(canary, "canary");
    Files.createSymbolicLink(context.resolve("out"), canary);
    Files.createSymbolicLink(context.resolve("up"), Path.of("../canary"));
    Files.createSymbolicLink(context.resolve("rootlink"), Path.of("/"));
    for (var source : List.of("../canary", "out", "up", canary.toString(), "rootlink" + canary)) {
      var result = build("FROM busybox\nCOPY " + source + " /x\n");
      assertThat(result.code()).as(source).isEqualTo(1);
      assertThat(result.err()).as(source).contains("not found in build context");
    }
    Files.delete(context.resolve("Dockerfile"));
    Files.createSymbolicLink(context.resolve("Dockerfile"), canary);
    assertThat(caisson("build", "context").err()).contains("there is no file 'Dockerfile'");
    Files.delete(context.resolve("Dockerfile"));
    // An archive whose names climb, and an image whose directories are links out of it.
    file("evil", "x");
    assertThat(
            new ProcessBuilder(
                    "tar", "-P", "--transform", "s,evil,../../../evil,", "-cf", "c.tar", "evil")
                .directory(context.toFile())
                .start()
                .waitFor())
        .isZero();
    assertThat(build("FROM busybox\nADD c.tar /deep/\n").err()).contains("leads out");
    built("FROM busybox\nRUN ln -s " + local.place.directory() + " /trap\nCOPY evil /trap/evil\n");
    assertThat(local.place.directory().resolve("evil")).doesNotExist();
    try (var big = new java.io.RandomAccessFile(context.resolve("big").toFile(), "rw")) {
      big.setLength(10L << 30);
    }
    assertThat(build("FROM busybox\nCOPY big /\n").err()).contains("larger than");
  }

  @Test
  void failuresSayWhatAndWhere() throws Exception {
    assertThat(build("FROM busybox\nRUN exit 4\n").err())
        .contains("The command '/bin/sh -c exit 4' returned a non-zero code: 4");
    assertThat(build("FROM busybox\nRNU x\n").err()).contains("line 2").contains("RNU");
    assertThat(build("FROM busybox\nCOPY missing /\n").err()).contains("missing");
    assertThat(build("FROM busybox\nCOPY --from=nowhere /a /\n").code()).isEqualTo(1);
    assertThat(build("FROM busybox\nCOPY --from=busybox /nothing /\n").err()).contains("nothing");
    assertThat(build("FROM busybox\n", "--target", "x").err()).contains("no stage 'x'");
    assertThat(build("FROM busybox\nUSER nobody-here\nRUN true\n").code()).isEqualTo(1);
    assertThat(build("FROM scratch\n").err()).contains("No image was generated");
    assertThat(build("FROM busybox\nRUN --mount=type=x true\n").err()).contains("the types are");
    assertThat(build("FROM busybox\nRUN --security=insecure true\n").err()).contains("not allowed");
    assertThat(build("FROM ${NOTHING}\n").err()).contains("should not be blank");
    assertThat(caisson("build", "nowhere").err()).contains("is no directory").contains("try:");
  }

  @Test
  void manyBuildsAtOnceKeepApart() throws Exception {
    built("FROM busybox\nRUN echo base > /base\n");
    var results =
        IntStream.range(0, 4)
            .parallel()
            .mapToObj(i -> {
              var built =
                  local.runWith(
                      "FROM made\nRUN echo %d > /n && cat /base\n".formatted(i % 2),
                      "build",
                      "-t",
                      "n" + i,
                      "--network",
                      "none",
                      "-");
              return built.code() + built.err();
            })
            .toList();
    assertThat(results).containsOnly("0");
    for (int i = 0; i < 4; i++) {
      assertThat(caisson("run", "--rm", "--network", "none", "n" + i, "cat", "/n").out())
          .isEqualTo(i % 2 + "\n");
    }
  }
}
