/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The yardstick of `./dev bench vm`: a guest that does nothing but write to a port, and what one trip out of it
 * and back costs a C program. Reads rounds from standard input, one count a line, and answers each with nanoseconds
 * a trip, so that both sides can be measured in turns.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

static int checked(const char *what, int result) {
  if (result < 0) {
    perror(what);
    exit(1);
  }
  return result;
}

int main(void) {
  static const unsigned char code[] = {0xe6, 0x10, 0xeb, 0xfc}; /* out 0x10,al; jmp back */
  int kvm = checked("open", open("/dev/kvm", O_RDWR | O_CLOEXEC));
  int vm = checked("KVM_CREATE_VM", ioctl(kvm, KVM_CREATE_VM, 0));
  unsigned char *memory = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(memory + 0x1000, code, sizeof code);
  struct kvm_userspace_memory_region region = {.memory_size = 65536, .userspace_addr = (unsigned long)memory};
  checked("KVM_SET_USER_MEMORY_REGION", ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region));
  int vcpu = checked("KVM_CREATE_VCPU", ioctl(vm, KVM_CREATE_VCPU, 0));
  int size = checked("KVM_GET_VCPU_MMAP_SIZE", ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
  struct kvm_run *run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
  struct kvm_sregs sregs;
  checked("KVM_GET_SREGS", ioctl(vcpu, KVM_GET_SREGS, &sregs));
  sregs.cs.base = 0;
  sregs.cs.selector = 0;
  checked("KVM_SET_SREGS", ioctl(vcpu, KVM_SET_SREGS, &sregs));
  struct kvm_regs regs = {.rip = 0x1000, .rflags = 2};
  checked("KVM_SET_REGS", ioctl(vcpu, KVM_SET_REGS, &regs));
  long rounds;
  while (scanf("%ld", &rounds) == 1) {
    unsigned long sum = 0;
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < rounds; i++) {
      checked("KVM_RUN", ioctl(vcpu, KVM_RUN, 0));
      if (run->exit_reason != KVM_EXIT_IO) return 1;
      sum += *((unsigned char *)run + run->io.data_offset) + run->io.port;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    long nanoseconds = (end.tv_sec - start.tv_sec) * 1000000000L + end.tv_nsec - start.tv_nsec;
    printf("%.1f %lu\n", (double)nanoseconds / rounds, sum);
    fflush(stdout);
  }
  return 0;
}
