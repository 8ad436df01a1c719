/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.UUID;

/** Microsoft's byte order for identifiers: the first three fields are little endian. */
final class VhdxGuid {
  static final UUID NONE = new UUID(0, 0);
  static final UUID BLOCK_TABLE = UUID.fromString("2dc27766-f623-4200-9d64-115e9bfd4a08");
  static final UUID METADATA = UUID.fromString("8b7ca206-4790-4b9a-b8fe-575f050f886e");
  static final UUID FILE_PARAMETERS = UUID.fromString("caa16737-fa36-4d43-b3b6-33f0aa44e76b");
  static final UUID DISK_SIZE = UUID.fromString("2fa54224-cd1b-4876-b211-5dbed83bf4b8");
  static final UUID SECTOR_SIZE = UUID.fromString("8141bf1d-a96f-4709-ba47-f233a8faab5f");
  static final UUID PHYSICAL_SECTOR = UUID.fromString("cda348c7-445d-4471-9cc9-e9885251c556");
  static final UUID DISK_ID = UUID.fromString("beca12ab-b2e6-4523-93ef-c309e000c746");
  static final UUID BASE_LOCATOR = UUID.fromString("a8d35f2d-b30b-454d-abf7-d3d84834ab0c");

  private VhdxGuid() {}

  static UUID read(ByteBuffer from, int at) {
    var little = from.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    long high =
        Integer.toUnsignedLong(little.getInt(at)) << 32
            | Short.toUnsignedLong(little.getShort(at + 4)) << 16
            | Short.toUnsignedLong(little.getShort(at + 6));
    return new UUID(high, little.order(ByteOrder.BIG_ENDIAN).getLong(at + 8));
  }
}
