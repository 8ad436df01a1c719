/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * pjdfstest as a process that answers: reads two lines, a directory and a command's words, executes the command
 * there in a child, and prints the last line of what it said. A shell that asks it starts no program for each check,
 * which emulation makes slow. For bench/posix-guest; compiled together with pjdfstest.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define main one_command
#include "pjdfstest.c"
#undef main

enum { MOST_WORDS = 64, LONGEST = 1 << 16 };

static char where[LONGEST], command[LONGEST], said[LONGEST];

static int line(char *target) {
  if (!fgets(target, LONGEST, stdin)) return 0;
  target[strcspn(target, "\n")] = 0;
  return 1;
}

static void execute(int output) {
  char *words[MOST_WORDS + 1] = {"pjdfstest"};
  int count = 1;
  for (char *word = strtok(command, " "); word && count < MOST_WORDS; word = strtok(NULL, " ")) words[count++] = word;
  int nothing = open("/dev/null", O_RDWR);
  if (chdir(where) || dup2(output, 1) < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 2) < 0) exit(1);
  exit(one_command(count, words));
}

int main(void) {
  while (line(where) && line(command)) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return 1;
    pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) execute(ends[1]);
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n; length < LONGEST - 1 && (n = read(ends[0], said + length, LONGEST - 1 - length)) != 0;)
      if (n > 0) length += n;
      else if (errno != EINTR) return 1;
    close(ends[0]);
    waitpid(child, NULL, 0);
    while (length > 0 && said[length - 1] == '\n') length--;
    said[length] = 0;
    char *last = strrchr(said, '\n');
    puts(last ? last + 1 : said);
    fflush(stdout);
  }
  return 0;
}
