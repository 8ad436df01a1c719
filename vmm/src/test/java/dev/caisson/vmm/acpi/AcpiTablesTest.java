/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tables as ACPICA's own disassembler reads them. */
class AcpiTablesTest {
  private static final List<AcpiTables.VirtioRegisters> DEVICES =
      List.of(
          new AcpiTables.VirtioRegisters(0xd000_0000L, 0x1000, 16),
          new AcpiTables.VirtioRegisters(0xd000_1000L, 0x1000, 17));

  @TempDir Path directory;

  private static Map<String, byte[]> tables(AcpiTables all) {
    ByteBuffer bytes = ByteBuffer.wrap(all.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    Map<String, byte[]> tables = new LinkedHashMap<>();
    int root = (int) (bytes.getLong(24) - all.start());
    List<Integer> places = new ArrayList<>(List.of(root));
    int count = (bytes.getInt(root + 4) - Table.HEADER) / 8;
    for (int i = 0; i < count; i++) {
      places.add((int) (bytes.getLong(root + Table.HEADER + 8 * i) - all.start()));
    }
    places.add((int) (bytes.getLong(places.get(1) + 140) - all.start()));
    for (int place : places) {
      byte[] table = new byte[bytes.getInt(place + 4)];
      bytes.get(place, table);
      tables.put(new String(table, 0, 4, StandardCharsets.US_ASCII), table);
    }
    return tables;
  }

  private String disassembled(String name, byte[] table) throws Exception {
    Path file = directory.resolve(name + ".dat");
    Files.write(file, table);
    Process iasl;
    try {
      iasl =
          new ProcessBuilder("iasl", "-d", file.getFileName().toString())
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .start();
    } catch (IOException e) {
      assumeTrue(false, "no iasl");
      return "";
    }
    String output = new String(iasl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(iasl.waitFor()).as(output).isZero();
    assertThat(output).doesNotContainIgnoringCase("error").doesNotContainIgnoringCase("warning");
    return Files.readString(directory.resolve(name + ".dsl"));
  }

  @Test
  void everyChecksumIsRight() {
    AcpiTables all = AcpiTables.of(3, DEVICES);
    assertThat(Table.checksum(all.bytes(), 20)).isZero();
    assertThat(Table.checksum(all.bytes(), 36)).isZero();
    assertThat(tables(all)).containsOnlyKeys("XSDT", "FACP", "APIC", "DSDT");
    tables(all)
        .forEach(
            (name, table) -> assertThat(Table.checksum(table, table.length)).as(name).isZero());
  }

  @Test
  void definitionsDisassemble() throws Exception {
    String dsdt = disassembled("dsdt", tables(AcpiTables.of(1, DEVICES)).get("DSDT"));
    assertThat(dsdt.replaceAll("\\s+", " "))
        .contains("Scope (\\_SB)")
        .contains("Device (COM1) { Name (_HID, EisaId (\"PNP0501\")")
        .contains("IO (Decode16, 0x03F8, // Range Minimum 0x03F8, // Range Maximum 0x01")
        .contains("Device (PWRB) { Name (_HID, EisaId (\"PNP0C0C\")")
        .contains("Name (_HID, \"ACPI0013\" /* Generic Event Device */)")
        .contains("Method (_EVT, 1, Serialized)")
        .contains("Notify (\\_SB.PWRB, 0x80)")
        .contains("Device (VGEN) { Name (_HID, \"CAIS0001\")")
        .contains("Name (_CID, Package (0x02) // _CID: Compatible ID { \"VMGENCTR\",")
        .contains("Name (ADDR, Package (0x02) { 0x0009F000, Zero })")
        .contains("If ((Arg0 == 0x05)) { Notify (\\_SB.PWRB, 0x80)")
        .contains("If ((Arg0 == 0x03)) { Notify (\\_SB.VGEN, 0x80)")
        .contains("Device (V000) { Name (_HID, \"LNRO0005\")")
        .contains("Memory32Fixed (ReadWrite, 0xD0001000, // Address Base 0x00001000")
        .contains("Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, ) { 0x00000011, }")
        .contains("Name (\\_S5, Package (0x02) // _S5_: S5 System State { 0x05, 0x05 })");
  }

  @Test
  void fixedTableIsHardwareReduced() throws Exception {
    String fadt = disassembled("facp", tables(AcpiTables.of(1, List.of())).get("FACP"));
    assertThat(fadt)
        .containsPattern("Hardware Reduced \\(V5\\) : 1")
        .containsPattern("Reset Register Supported \\(V2\\) : 1")
        .containsPattern("VGA Not Present \\(V4\\) : 1")
        .containsPattern("CMOS RTC Not Present \\(V5\\) : 1")
        .containsPattern("8042 Present on ports 60/64 \\(V2\\) : 0")
        .containsPattern("Sleep Control Register : \\[Generic Address Structure\\]")
        .containsPattern("Address : 0000000000000600")
        .containsPattern("Address : 0000000000000602");
  }

  @Test
  void everyProcessorIsThere() throws Exception {
    String madt = disassembled("apic", tables(AcpiTables.of(64, List.of())).get("APIC"));
    assertThat(madt.split("Subtable Type : 00 \\[Processor Local APIC\\]", -1)).hasSize(65);
    assertThat(madt).contains("Subtable Type : 01 [I/O APIC]").contains("Local Apic ID : 3F");
  }

  @Test
  void packageLengthsOfEverySizeDisassemble() throws Exception {
    // 17 devices make the scope longer than 4 KiB would allow in two bytes.
    List<AcpiTables.VirtioRegisters> many = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      many.add(new AcpiTables.VirtioRegisters(0xd000_0000L + 0x1000L * i, 0x1000, i));
    }
    assertThat(disassembled("many", tables(AcpiTables.of(1, many)).get("DSDT")))
        .contains("Device (V03B)");
  }
}
