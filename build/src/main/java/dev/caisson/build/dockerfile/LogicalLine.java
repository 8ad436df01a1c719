/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import java.util.List;

/**
 * One instruction as written, continuation lines joined and comments dropped.
 *
 * @param number where it starts in the file, from 1
 * @param keyword the first word, in capitals
 * @param rest everything behind it, trimmed
 * @param heredocs the here-documents it opens, in order
 */
record LogicalLine(int number, String keyword, String rest, List<Heredoc> heredocs) {}
