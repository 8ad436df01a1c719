/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* What the parts of the guest's first process share. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Says why on the console and powers the machine off: there is nobody else to go on. */
__attribute__((noreturn)) void die(const char *why, long detail);

/* Zeroed memory of its own, in whole pages. */
void *pages(size_t size);
void free_pages(void *start, size_t size);

/* Mounts what every Linux program expects, and loads the kernel modules of the initial file system. */
void prepare_machine(void);

/* The control port, opened without blocking. */
int open_port(void);

__attribute__((noreturn)) void power_off(void);

/* Network orders; each answers 0 or minus errno. */
struct interface_order {
  char name[16];
  uint8_t hardware[6];
  uint8_t family;  /* 4 or 6; 0: hardware address, MTU and up only */
  uint8_t prefix;  /* bits */
  uint32_t mtu;    /* 0: as it is */
  uint8_t address[16];
};
struct route_order {
  char name[16];
  uint8_t family; /* 4 or 6 */
  uint8_t prefix;
  uint8_t reserved[2];
  uint8_t destination[16];
  uint8_t gateway[16]; /* zeros: on the link */
};
long set_interface(const struct interface_order *order);
long add_route(const struct route_order *order);

/* Answers the stat and cmdline of every process, for ps. */
size_t list_processes(uint8_t *to, size_t space);
