/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KernelStoreTest {
  @TempDir Path folder;

  private KernelStore store() {
    return new KernelStore(folder.resolve("kernels"));
  }

  private void kept(String version) throws IOException {
    Path kernel = Files.createDirectories(folder.resolve("kernels").resolve(version));
    Files.writeString(kernel.resolve("vmlinuz"), "as if");
    Files.writeString(kernel.resolve("source"), "a test\n");
  }

  @Test
  void whatIsNoKernelIsRefusedAndLeavesNothing() throws IOException {
    Path text =
        Files.writeString(folder.resolve("text"), "this is no kernel, whatever its name is");
    Path none = folder.resolve("none");
    assertThatThrownBy(() -> store().add("text", "a test", text, none))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining(text.toString())
        .hasMessageContaining("offset");
    assertThatThrownBy(
            () -> store().add("empty", "a test", Files.createFile(folder.resolve("e")), none))
        .isInstanceOf(SandboxException.class);
    assertThatThrownBy(() -> store().add("missing", "a test", none, none))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("no such file");
    assertThat(store().all()).isEmpty();
    assertThat(store().current()).isEmpty();
    try (Stream<Path> left = Files.list(store().directory())) {
      assertThat(left.map(path -> path.getFileName().toString())).isSubsetOf("unpacked");
    }
  }

  @Test
  void kernelsAreRemovedWithWhatWasMadeOfThem() throws IOException {
    kept("6.1");
    kept("6.12");
    store().use("6.12");
    Path made = Files.createDirectories(store().unpackedFiles());
    Files.createFile(made.resolve("initial-6.1-0123abcd.cpio"));
    Files.createFile(made.resolve("initial-6.12-0123abcd.cpio"));
    assertThat(store().remove("6.1").version()).isEqualTo("6.1");
    assertThat(store().all()).extracting(GuestKernel::version).containsExactly("6.12");
    assertThat(made.resolve("initial-6.1-0123abcd.cpio")).doesNotExist();
    assertThat(made.resolve("initial-6.12-0123abcd.cpio")).exists();
  }

  @Test
  void theOneThatBootsAndWhatIsNotThereStay() throws IOException {
    kept("6.1");
    store().use("6.1");
    assertThatThrownBy(() -> store().remove("6.1")).hasMessageContaining("new machines boot");
    for (String wrong : new String[] {"6.2", "current", "../kernels/6.1", "unpacked"}) {
      assertThatThrownBy(() -> store().remove(wrong))
          .isInstanceOfSatisfying(
              SandboxException.class,
              e -> assertThat(e.kind()).isEqualTo(SandboxException.Kind.NOT_FOUND));
    }
    assertThat(store().current()).isPresent();
  }
}
