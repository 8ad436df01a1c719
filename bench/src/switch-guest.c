/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What bench/switch-guests runs in its two guests.
 * usage: switch-guest answer | switch-guest ask ADDRESS LABEL
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef SECONDS
#define SECONDS 3 /* of a flood */
#define STREAM 32 /* MiB */
#endif
enum { PORT = 5000, PAYLOAD = 18, MIB = 1 << 20 }; /* frames of 60 bytes */

static char buffer[MIB];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void whole(int fd, int writes, void *data, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = writes ? write(fd, (char *)data + done, size - done) : read(fd, (char *)data + done, size - done);
    if (n <= 0) fail(writes ? "write" : "read");
    done += n;
  }
}

/* One who asks: 'U' begins a flood of datagrams, 'E' ends it, 'T' begins a stream. */
static void serve(int control, int datagrams) {
  uint64_t count = 0;
  struct pollfd both[2] = {{control, POLLIN, 0}, {datagrams, POLLIN, 0}};
  while (poll(both, 2, -1) >= 0) {
    while (recv(datagrams, buffer, sizeof buffer, MSG_DONTWAIT) >= 0) count++;
    char word;
    if (!(both[0].revents & (POLLIN | POLLHUP))) continue;
    if (read(control, &word, 1) != 1) return;
    if (word == 'U') {
      count = 0;
      whole(control, 1, &word, 1);
    } else if (word == 'E') {
      double end = now() + (SECONDS < 1 ? 0.05 : 0.3); /* what is still on its way */
      while (now() < end)
        while (recv(datagrams, buffer, sizeof buffer, MSG_DONTWAIT) >= 0) count++;
      whole(control, 1, &count, sizeof count);
    } else if (word == 'T') {
      for (int i = 0; i < STREAM; i++) whole(control, 0, buffer, MIB);
      whole(control, 1, &word, 1);
    }
  }
}

static void answer(void) {
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  int listener = socket(AF_INET, SOCK_STREAM, 0), datagrams = socket(AF_INET, SOCK_DGRAM, 0), large = 8 << 20;
  setsockopt(datagrams, SOL_SOCKET, SO_RCVBUFFORCE, &large, sizeof large);
  if (bind(listener, (void *)&any, sizeof any) || bind(datagrams, (void *)&any, sizeof any) || listen(listener, 4))
    fail("bind");
  for (;;) {
    int control = accept(listener, NULL, NULL);
    if (control < 0) fail("accept");
    serve(control, datagrams);
    close(control);
  }
}

static int ask(const char *address, const char *label) {
  struct sockaddr_in other = {.sin_family = AF_INET, .sin_port = htons(PORT)};
  inet_pton(AF_INET, address, &other.sin_addr);
  int control, datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  double end = now() + 100;
  for (;;) { /* the other guest may still be booting */
    control = socket(AF_INET, SOCK_STREAM, 0);
    if (!connect(control, (void *)&other, sizeof other)) break;
    if (now() > end) fail("connect");
    close(control);
    sleep(1);
  }
  char word = 'U';
  uint64_t arrived, sent = 0;
  whole(control, 1, &word, 1);
  whole(control, 0, &word, 1);
  double begin = now();
  for (; now() - begin < SECONDS; sent += 20)
    for (int i = 0; i < 20; i++) sendto(datagrams, buffer, PAYLOAD, 0, (void *)&other, sizeof other);
  double took = now() - begin;
  word = 'E';
  whole(control, 1, &word, 1);
  whole(control, 0, &arrived, sizeof arrived);
  printf("RESULT %s frames/s %.0f sent %.0f\n", label, arrived / took, sent / took);
  word = 'T';
  begin = now();
  whole(control, 1, &word, 1);
  for (int i = 0; i < STREAM; i++) whole(control, 1, buffer, MIB);
  whole(control, 0, &word, 1);
  printf("RESULT %s Mbit/s %.1f\n", label, STREAM * 8.0 * MIB / 1e6 / (now() - begin));
  return 0;
}

int main(int count, char **words) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (count == 4) return ask(words[2], words[3]);
  answer();
}
