/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fake_kernel.h"

#include <asm/unistd.h>
#include "hosted.h"
#include "text.h"

#include "kernel.h"

#define PATIENCE 3000
#define MAPPINGS 64

jmp_buf fake_kernel_exit;

static unsigned state;
static unsigned calls;
static void *mappings[MAPPINGS];
static unsigned mapping_count;

unsigned fake_random(void) {
  state = state * 1664525u + 1013904223u;
  return state >> 8;
}

void fake_kernel_start(unsigned seed) {
  state = seed;
  calls = 0;
}

void fake_kernel_end(void) {
  while (mapping_count > 0) free(mappings[--mapping_count]);
}

static void fill(void *to, size_t size) {
  for (size_t i = 0; i < size; i++) ((unsigned char *)to)[i] = (unsigned char)fake_random();
}

static long receive(struct message *message) {
  struct io_slice *slice = message->slices;
  fill(slice->base, slice->length);
  *(unsigned *)slice->base = 1 + fake_random() % 9;
  *((unsigned *)slice->base + 1) = fake_random() % 20;
  if (message->control_length > 0) {
    size_t size = fake_random() % (message->control_length + 1);
    fill(message->control, size);
    message->control_length = size;
  }
  return 1 + (long)(fake_random() % slice->length);
}

static long map(size_t size) {
  if (mapping_count == MAPPINGS) return -12;
  mappings[mapping_count] = malloc(size);
  return (long)mappings[mapping_count++];
}

long syscall6(long number, long a, long b, long c, long d, long e, long f) {
  (void)a, (void)d, (void)e, (void)f;
  if (++calls > PATIENCE || number == __NR_exit_group) longjmp(fake_kernel_exit, 1);
  bool fails = fake_random() % 8 == 0;
  switch (number) {
    case __NR_mmap: return fails ? -12 : map((size_t)b);
    case __NR_read: {
      size_t size = (size_t)c == 0 ? 0 : fake_random() % ((size_t)c + 1);
      fill((void *)b, size);
      return fails ? -11 : (long)size;
    }
    case __NR_readlinkat: {
      size_t size = fake_random() % ((size_t)d + 1);
      memset((void *)c, 'x', size);
      return (long)size;
    }
    case __NR_recvmsg: return fails ? 0 : receive((struct message *)b);
    case __NR_fstat: fill((void *)b, sizeof(struct stat)); return 0;
    case __NR_fstatfs: fill((void *)b, sizeof(struct statfs)); return 0;
    case __NR_getcwd: memcpy((void *)a, "/", 2); return 2;
    case __NR_pipe2: ((int *)a)[0] = 10, ((int *)a)[1] = 11; return fails ? -24 : 0;
    case __NR_socketpair: ((int *)d)[0] = 12, ((int *)d)[1] = 13; return fails ? -24 : 0;
    case __NR_poll: {
      struct pollfd *fds = (struct pollfd *)a;
      for (long i = 0; i < b; i++) fds[i].revents = (short)(fake_random() % 32);
      return fails ? -4 : b;
    }
    case __NR_write: return fails ? -32 : (long)(fake_random() % ((size_t)c + 1));
    case __NR_sendto: return fails ? -11 : (long)(fake_random() % ((size_t)c + 1));
    case __NR_clone3: return fails ? -1 : (long)(fake_random() % 2) * 77;
    case __NR_wait4: if (b != 0) *(int *)b = (int)fake_random(); return fails ? -10 : 77;
    case __NR_clock_gettime: fill((void *)b, 4); return 0;
    case __NR_execve: return -(long)(1 + fake_random() % 40);
    default: return fails ? -(long)(1 + fake_random() % 40) : (long)(fake_random() % 64);
  }
}
