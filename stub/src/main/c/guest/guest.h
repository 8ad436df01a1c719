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

/*
 * Carries out rtnetlink requests that ask for an acknowledgement, in their order, up to the first
 * refused one; answers 0 or minus errno.
 */
long configure_network(uint8_t *requests, size_t length);

/* Answers the stat and cmdline of every process, for ps. */
size_t list_processes(uint8_t *to, size_t space);

/*
 * Makes the workload stand still, and its files the host's. Answers 0 or minus errno; then it goes
 * on.
 */
long hold_workload(void);
long release_workload(void);

/* Has the kernel ask the host for the attributes of files it may remember otherwise. */
void ask_anew(const char *paths, size_t length);

/* Names that a clone has for itself, as its workload sees them; answers 0 or minus errno. */
long take_identity(const uint8_t *payload, size_t length);
