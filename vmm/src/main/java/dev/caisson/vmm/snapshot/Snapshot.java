/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.snapshot;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.memory.MachineMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A machine that stands still in a directory: {@code memory}, sparse and never written again, which
 * any number of restored machines map copy-on-write; and {@code state}, which ends with a SHA-256
 * of the rest.
 */
public final class Snapshot {
  private static final String MEMORY = "memory";
  private static final String STATE = "state";
  private static final String UNFINISHED = ".unfinished";
  private static final int DIGEST = 32;
  private static final long LARGEST_STATE = 64 << 20;
  private static final int HOLE = 64 << 10;

  private final MachineState state;
  private final Path memoryFile;
  private final MemoryDigests digests;

  private Snapshot(Path directory, MachineState state, MemoryDigests digests) {
    this.state = state;
    this.memoryFile = directory.resolve(MEMORY);
    this.digests = digests;
  }

  public MachineState state() {
    return state;
  }

  /** Exactly {@code state().memory()} bytes. */
  public Path memoryFile() {
    return memoryFile;
  }

  /** The memory, to be written by one more machine without changing the file. */
  public MachineMemory mapMemory() throws IOException {
    try (Fd file = Directory.openFile(memoryFile, 0, OpenFlag.READ, OpenFlag.NO_FOLLOW)) {
      FileStatus status = OpenFile.of(file).status();
      if (status.type() != FileType.REGULAR || status.size() != state.memory()) {
        throw VmmException.badImage(
            memoryFile.toString(), 0, "no plain file of " + state.memory() + " bytes any more");
      }
      return MachineMemory.copyOnWrite(file, state.memory());
    } catch (LinuxException e) {
      throw new IOException(memoryFile + ": " + e.getMessage(), e);
    }
  }

  /**
   * Compares all of the memory with what was saved.
   *
   * @throws VmmException BAD_IMAGE with the offset of the first 2 MiB that were changed
   */
  public void verify() throws IOException {
    digests.verify(memoryFile);
  }

  /**
   * Writes a snapshot. The directory appears whole or not at all, whenever the process ends.
   *
   * @param directory must not exist; its parent must
   * @throws FileAlreadyExistsException when it exists
   */
  public static Snapshot write(Path directory, MachineState state, MachineMemory memory)
      throws IOException {
    if (Files.exists(directory)) {
      throw new FileAlreadyExistsException(directory.toString(), null, "choose another name");
    }
    Path unfinished = directory.resolveSibling(directory.getFileName() + UNFINISHED);
    remove(unfinished);
    Files.createDirectory(
        unfinished,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      MemoryDigests digests = writeMemory(unfinished.resolve(MEMORY), memory);
      byte[] encoded = StateEncoder.encode(state, digests);
      byte[] digest = MemoryDigests.sha256().digest(encoded);
      try (FileChannel file = create(unfinished.resolve(STATE))) {
        writeFully(file, ByteBuffer.wrap(encoded), 0);
        writeFully(file, ByteBuffer.wrap(digest), encoded.length);
        file.force(true);
      }
      Files.move(unfinished, directory, StandardCopyOption.ATOMIC_MOVE);
      return new Snapshot(directory, state, digests);
    } catch (InternalError e) { // what the memory is a copy of has lost pages
      remove(unfinished);
      throw new IOException("memory of the machine cannot be read; was its own snapshot cut?", e);
    } catch (IOException | RuntimeException e) {
      remove(unfinished);
      throw e;
    }
  }

  private static void remove(Path directory) throws IOException {
    for (String name : List.of(MEMORY, STATE, "")) {
      Files.deleteIfExists(directory.resolve(name));
    }
  }

  private static FileChannel create(Path path) throws IOException {
    return FileChannel.open(
        path,
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
        // Whoever maps a file that gets shorter dies; so nobody opens this one for writing again.
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r--------")));
  }

  private static MemoryDigests writeMemory(Path path, MachineMemory memory) throws IOException {
    List<byte[]> digests = new ArrayList<>();
    try (FileChannel file = create(path)) {
      long at = 0;
      for (GuestMemory.Region region : memory.guest().regions()) {
        MemorySegment bytes = region.bytes();
        for (long offset = 0; offset < bytes.byteSize(); offset += MemoryDigests.CHUNK) {
          long length = Math.min(MemoryDigests.CHUNK, bytes.byteSize() - offset);
          ByteBuffer chunk = bytes.asSlice(offset, length).asByteBuffer();
          byte[] digest = MemoryDigests.digest(chunk);
          digests.add(digest);
          if (digest.length > 0) {
            writeSparse(file, chunk, at + offset);
          }
        }
        at += bytes.byteSize();
      }
      if (file.size() < at) {
        writeFully(file, ByteBuffer.wrap(new byte[1]), at - 1);
      }
      file.force(true);
    }
    return new MemoryDigests(digests);
  }

  private static void writeSparse(FileChannel file, ByteBuffer chunk, long at) throws IOException {
    for (int offset = 0; offset < chunk.limit(); offset += HOLE) {
      ByteBuffer part = chunk.slice(offset, Math.min(HOLE, chunk.limit() - offset));
      if (!MemoryDigests.isZero(part)) {
        writeFully(file, part, at + offset);
      }
    }
  }

  private static void writeFully(FileChannel file, ByteBuffer bytes, long at) throws IOException {
    long next = at;
    while (bytes.hasRemaining()) {
      next += file.write(bytes, next);
    }
  }

  /**
   * Opens what {@link #write} made. The state is checked whole; of the memory only the size, since
   * reading all of it would cost more than restoring: a snapshot that somebody else had in hand is
   * {@linkplain #verify() verified} first.
   *
   * @throws VmmException BAD_IMAGE with the offset
   */
  public static Snapshot open(Path directory) throws IOException {
    Path path = directory.resolve(STATE);
    long size = Files.size(path);
    if (size < DIGEST || size > LARGEST_STATE) {
      throw VmmException.badImage(path.toString(), 0, size + " bytes are no snapshot's state");
    }
    byte[] bytes = Files.readAllBytes(path);
    int end = bytes.length - DIGEST;
    byte[] encoded = Arrays.copyOf(bytes, end);
    byte[] digest = MemoryDigests.sha256().digest(encoded);
    if (!Arrays.equals(digest, Arrays.copyOfRange(bytes, end, bytes.length))) {
      throw VmmException.badImage(path.toString(), end, "the checksum does not match");
    }
    StateDecoder.Decoded decoded = StateDecoder.decode(encoded);
    var snapshot = new Snapshot(directory, decoded.state(), decoded.digests());
    long memory = Files.size(snapshot.memoryFile());
    if (memory != snapshot.state().memory()) {
      throw VmmException.badImage(
          snapshot.memoryFile().toString(),
          Math.min(memory, snapshot.state().memory()),
          "%d bytes instead of %d".formatted(memory, snapshot.state().memory()));
    }
    return snapshot;
  }
}
