/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.tls;

import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/** A private key in PEM: PKCS #8 of any kind, or the older PKCS #1 form of RSA. */
final class PemKey {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN (RSA )?PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END");

  /** Version 0 and the identifier of RSA: what PKCS #8 puts before a PKCS #1 key. RFC 5208 */
  private static final byte[] RSA_PREFIX =
      HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");

  private PemKey() {}

  static PrivateKey parse(String pem) throws GeneralSecurityException {
    var block = BLOCK.matcher(pem);
    if (!block.find()) {
      throw new InvalidKeySpecException("no PRIVATE KEY block without a password");
    }
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(block.group(2));
    } catch (IllegalArgumentException broken) {
      throw new InvalidKeySpecException("the key is not base 64", broken);
    }
    var spec = new PKCS8EncodedKeySpec(block.group(1) == null ? der : wrapped(der));
    for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException another) {
        // The next algorithm may know it.
      }
    }
    throw new InvalidKeySpecException("the key is neither RSA, EC nor EdDSA");
  }

  private static byte[] wrapped(byte[] rsa) {
    var body = new ByteArrayOutputStream();
    body.writeBytes(RSA_PREFIX);
    body.writeBytes(tagged(0x04, rsa));
    return tagged(0x30, body.toByteArray());
  }

  private static byte[] tagged(int tag, byte[] content) {
    var out = new ByteArrayOutputStream();
    out.write(tag);
    if (content.length < 128) {
      out.write(content.length);
    } else {
      out.write(0x82); // Two bytes of length: keys have up to 64 KiB.
      out.write(content.length >> 8);
      out.write(content.length);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }
}
