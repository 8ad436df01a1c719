/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* The C library's functions that tests use; its headers do not go together with the kernel's. */
#pragma once

#include <stddef.h>

struct _IO_FILE;

int printf(const char *format, ...);
int strcmp(const char *a, const char *b);
int atoi(const char *text);
void *malloc(size_t size);
void free(void *memory);
struct _IO_FILE *fopen(const char *path, const char *mode);
size_t fread(void *to, size_t size, size_t count, struct _IO_FILE *file);
int fclose(struct _IO_FILE *file);
