/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpScheme;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;

/** The header blocks of a call. Source: gRPC, "gRPC over HTTP2". */
final class GrpcHeaders {
  private static final String TYPE = "application/grpc";
  private static final String STATUS = "grpc-status";
  private static final String MESSAGE = "grpc-message";

  /** A status text longer than this is cut: it travels in a header. */
  private static final int MESSAGE_LIMIT = 4 << 10;

  private GrpcHeaders() {}

  static MetaData.Request request(String path, Map<String, List<String>> metadata) {
    HttpFields.Mutable fields =
        HttpFields.build()
            .put(HttpHeader.CONTENT_TYPE, TYPE)
            .put(HttpHeader.TE, "trailers")
            .put("user-agent", "caisson");
    metadata.forEach((name, values) -> values.forEach(value -> fields.add(name, value)));
    return new MetaData.Request(
        "POST",
        HttpURI.build().scheme(HttpScheme.HTTP).host("localhost").path(path).asImmutable(),
        HttpVersion.HTTP_2,
        fields);
  }

  static MetaData.Response response() {
    return new MetaData.Response(
        200, null, HttpVersion.HTTP_2, HttpFields.build().put(HttpHeader.CONTENT_TYPE, TYPE));
  }

  static MetaData trailers(GrpcException.Code code, String message) {
    HttpFields.Mutable fields = HttpFields.build().put(STATUS, String.valueOf(code.ordinal()));
    if (!message.isEmpty()) {
      fields.put(MESSAGE, encoded(message));
    }
    return new MetaData(HttpVersion.HTTP_2, fields);
  }

  /** Everything but printable ASCII is percent-encoded, and the percent sign. */
  static String encoded(String message) {
    StringBuilder text = new StringBuilder();
    for (byte b : message.getBytes(StandardCharsets.UTF_8)) {
      if (text.length() > MESSAGE_LIMIT) {
        return text.append("...").toString();
      }
      if (b >= ' ' && b <= '~' && b != '%') {
        text.append((char) b);
      } else {
        text.append("%%%02X".formatted(b));
      }
    }
    return text.toString();
  }

  static String decoded(String text) {
    try {
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      return text;
    }
  }

  static boolean hasStatus(HttpFields fields) {
    return fields.contains(STATUS);
  }

  /**
   * @throws GrpcException when the fields tell another status than OK
   */
  static void check(HttpFields fields) {
    String status = Optional.ofNullable(fields.get(STATUS)).orElse("");
    if (status.isEmpty()) {
      throw new GrpcException(GrpcException.Code.INTERNAL, "the client ended without a status");
    }
    GrpcException.Code code = GrpcException.Code.of(status);
    if (code != GrpcException.Code.OK) {
      throw new GrpcException(code, decoded(Optional.ofNullable(fields.get(MESSAGE)).orElse("")));
    }
  }
}
