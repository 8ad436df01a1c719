/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "log.h"

#include "clock.h"
#include "kernel.h"
#include "report.h"
#include "text.h"

#define OUTPUT 8192
#define PATH_SPACE 4096

static struct {
  int fd;
  char path[PATH_SPACE];
  uint64_t size;
  uint64_t max_bytes;
  uint32_t max_files;
  uint64_t lost;
} file = {.fd = -1};

/* The line that each stream has begun. */
static struct {
  uint8_t bytes[LOG_LINE];
  size_t length;
} lines[2];

static struct {
  char bytes[OUTPUT];
  size_t length;
} output;

static int open_file(void) {
  struct stat status;
  long fd = sys_openat(AT_FDCWD, file.path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0640);
  if (fd < 0) return (int)fd;
  file.size = sys_fstat((int)fd, &status) == 0 ? (uint64_t)status.st_size : 0;
  file.fd = (int)fd;
  return 0;
}

int log_open(const char *path, uint64_t max_bytes, uint32_t max_files) {
  struct text copy = TEXT(file.path);
  text_add(&copy, path);
  file.max_bytes = max_bytes;
  file.max_files = max_files == 0 ? 1 : max_files;
  int error = copy.full ? -ENAMETOOLONG : open_file();
  return error < 0 ? fault(error, "open", path) : 0;
}

static void numbered(struct text *to, uint32_t number) {
  text_add(to, file.path);
  if (number == 0) return;
  text_add(to, ".");
  text_add_number(to, number);
}

/* path.2 becomes path.3 and so on; the oldest is overwritten by the one before it. */
static void rotate(void) {
  char from_space[PATH_SPACE + 16];
  char to_space[PATH_SPACE + 16];
  sys_close(file.fd);
  file.fd = -1;
  for (uint32_t number = file.max_files - 1; number > 0; number--) {
    struct text from = TEXT(from_space);
    struct text to = TEXT(to_space);
    numbered(&from, number - 1);
    numbered(&to, number);
    CALL2(rename, from_space, to_space);
  }
  if (file.max_files == 1) CALL1(unlink, file.path);
  open_file();
}

static void flush(void) {
  size_t done = 0;
  while (done < output.length && file.fd >= 0) {
    long wrote = sys_write(file.fd, output.bytes + done, output.length - done);
    if (wrote == -EINTR) continue;
    if (wrote <= 0) break;
    done += (size_t)wrote;
  }
  file.lost += output.length - done;
  output.length = 0;
}

static void put(const char *bytes, size_t size) {
  while (size > 0) {
    size_t part = OUTPUT - output.length < size ? OUTPUT - output.length : size;
    memcpy(output.bytes + output.length, bytes, part);
    output.length += part;
    file.size += part;
    bytes += part;
    size -= part;
    if (output.length == OUTPUT) flush();
  }
}

static void put_text(const char *text) { put(text, strlen(text)); }

/* How many bytes of valid UTF-8 start here: 0 for none. RFC 3629 */
static size_t sequence(const uint8_t *at, size_t left) {
  size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3
                  : at[0] < 0xf5                  ? 4
                                                  : 0;
  if (length > left) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((at[i] & 0xc0) != 0x80) return 0;
  }
  if (length < 3) return length;
  uint8_t second = at[1];
  bool bad = (at[0] == 0xe0 && second < 0xa0) || (at[0] == 0xed && second > 0x9f) ||
             (at[0] == 0xf0 && second < 0x90) || (at[0] == 0xf4 && second > 0x8f);
  return bad ? 0 : length;
}

static bool plain(uint8_t byte) { return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\'; }

static void put_escaped(uint8_t byte) {
  static const char digits[] = "0123456789abcdef";
  char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
  switch (byte) {
    case '\n': put_text("\\n"); break;
    case '\r': put_text("\\r"); break;
    case '\t': put_text("\\t"); break;
    case '"': put_text("\\\""); break;
    case '\\': put_text("\\\\"); break;
    default: put(escape, sizeof escape);
  }
}

static void put_string(const uint8_t *bytes, size_t size) {
  for (size_t at = 0; at < size;) {
    size_t run = 0;
    while (at + run < size && plain(bytes[at + run])) run++;
    put((const char *)bytes + at, run);
    at += run;
    if (at == size) return;
    size_t length = sequence(bytes + at, size - at);
    if (length > 1) {
      put((const char *)bytes + at, length);
    } else if (length == 1) {
      put_escaped(bytes[at]);
    } else {
      put_text("\\ufffd");
      length = 1;
    }
    at += length;
  }
}

static void write_line(int stream, const uint8_t *bytes, size_t size) {
  char space[48];
  struct text time = TEXT(space);
  if (file.max_bytes > 0 && file.size >= file.max_bytes) {
    flush();
    rotate();
  }
  text_add_now(&time);
  put_text("{\"log\":\"");
  put_string(bytes, size);
  put_text(stream == 1 ? "\",\"stream\":\"stdout\",\"time\":\""
                       : "\",\"stream\":\"stderr\",\"time\":\"");
  put_text(space);
  put_text("\"}\n");
}

/* Where a full line is cut: before a character that is not complete. */
static size_t cut(const uint8_t *bytes, size_t size) {
  for (size_t back = 1; back <= 3 && back < size; back++) {
    uint8_t byte = bytes[size - back];
    if (byte < 0x80) return size;
    if (byte >= 0xc0) return sequence(bytes + size - back, back) == back ? size : size - back;
  }
  return size;
}

void log_write(int stream, const uint8_t *bytes, size_t size) {
  if (file.path[0] == 0) return;
  uint8_t *line = lines[stream - 1].bytes;
  size_t length = lines[stream - 1].length;
  for (size_t i = 0; i < size; i++) {
    line[length++] = bytes[i];
    if (bytes[i] != '\n' && length < LOG_LINE) continue;
    size_t whole = bytes[i] == '\n' ? length : cut(line, length);
    write_line(stream, line, whole);
    memmove(line, line + whole, length - whole);
    length -= whole;
  }
  lines[stream - 1].length = length;
  flush();
}

void log_finish(void) {
  if (file.path[0] == 0) return;
  for (int stream = 1; stream <= 2; stream++) {
    size_t length = lines[stream - 1].length;
    if (length > 0) write_line(stream, lines[stream - 1].bytes, length);
    lines[stream - 1].length = 0;
  }
  flush();
}

uint64_t log_lost(void) { return file.lost; }
