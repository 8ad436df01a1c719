/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

/** ioctl numbers. include/uapi/linux/kvm.h, x86-64 */
final class Request {
  static final long GET_API_VERSION = 0xae00;
  static final long CREATE_VM = 0xae01;
  static final long CHECK_EXTENSION = 0xae03;
  static final long GET_VCPU_MMAP_SIZE = 0xae04;
  static final long GET_SUPPORTED_CPUID = 0xc008ae05L;
  static final long CREATE_VCPU = 0xae41;
  static final long SET_USER_MEMORY_REGION = 0x4020ae46L;
  static final long SET_TSS_ADDR = 0xae47;
  static final long SET_IDENTITY_MAP_ADDR = 0x4008ae48L;
  static final long CREATE_IRQCHIP = 0xae60;
  static final long IRQ_LINE = 0x4008ae61L;
  static final long IRQFD = 0x4020ae76L;
  static final long IOEVENTFD = 0x4040ae79L;
  static final long RUN = 0xae80;
  static final long GET_REGS = 0x8090ae81L;
  static final long SET_REGS = 0x4090ae82L;
  static final long GET_SREGS = 0x8138ae83L;
  static final long SET_SREGS = 0x4138ae84L;
  static final long SET_CPUID2 = 0x4008ae90L;
  static final long GET_MSR_INDEX_LIST = 0xc004ae02L;
  static final long GET_MSRS = 0xc008ae88L;
  static final long SET_MSRS = 0x4008ae89L;
  static final long GET_IRQCHIP = 0xc208ae62L;
  static final long SET_IRQCHIP = 0x8208ae63L;
  static final long SET_CLOCK = 0x4030ae7bL;
  static final long GET_CLOCK = 0x8030ae7cL;
  static final long KVMCLOCK_CTRL = 0xaead;

  private Request() {}
}
