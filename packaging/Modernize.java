/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Gives the classes of a jar the present format, with the stack maps it wants. An AOT cache takes no classes made for Java 5, as
 * picocli's are, so they were read and verified at each start.
 *
 * <p>usage: java packaging/Modernize.java JAR
 */
class Modernize {
  /** Class files before this version may be without stack maps, and with subroutines. JVMS 4.10 */
  private static final int OLD = ClassFile.JAVA_7_VERSION;

  public static void main(String[] words) throws IOException {
    Path jar = Path.of(words[0]);
    Path fresh = jar.resolveSibling(jar.getFileName() + ".new");
    try (var from = new ZipFile(jar.toFile());
        var loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
        var to = new ZipOutputStream(Files.newOutputStream(fresh))) {
      var hierarchy =
          ClassHierarchyResolver.ofResourceParsing(loader).orElse(ClassHierarchyResolver.defaultResolver());
      var format =
          ClassFile.of(
              StackMapsOption.GENERATE_STACK_MAPS, ClassHierarchyResolverOption.of(hierarchy));
      for (ZipEntry entry : Collections.list(from.entries())) {
        byte[] bytes = from.getInputStream(entry).readAllBytes();
        if (entry.getName().endsWith(".class") && version(bytes) < OLD) {
          bytes = renewed(format, bytes);
        }
        to.putNextEntry(new ZipEntry(entry.getName()));
        to.write(bytes);
        to.closeEntry();
      }
    } catch (UncheckedIOException failure) {
      throw failure.getCause();
    }
    Files.move(fresh, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  private static int version(byte[] bytes) {
    return (bytes[6] & 0xff) << 8 | bytes[7] & 0xff;
  }

  private static byte[] renewed(ClassFile format, byte[] bytes) {
    var version = ClassFileVersion.of(ClassFile.JAVA_21_VERSION, 0);
    // Method bodies are taken apart, as those that are not keep their missing stack maps.
    var bodies = ClassTransform.transformingMethodBodies((code, element) -> code.with(element));
    return format.transformClass(
        format.parse(bytes),
        bodies.andThen((type, element) ->
            type.with(element instanceof ClassFileVersion ? version : element)));
  }
}
