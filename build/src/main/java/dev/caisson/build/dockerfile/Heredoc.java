/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

/**
 * A here-document of RUN, COPY or ADD.
 *
 * @param name the delimiter word, which COPY and ADD also take as the file's name
 * @param content the lines between, each ended by a newline; tabs already stripped for {@code <<-}
 * @param expand whether variables in it are expanded: not when the delimiter was quoted
 */
public record Heredoc(String name, String content, boolean expand) {}
