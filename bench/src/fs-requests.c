/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * A vhost-user front end without a guest: sends the same FUSE requests, one at a time, to two file servers in
 * turns and says how long each took and how much CPU the server used for it. For bench/fs-requests.
 * usage: fs-requests SOCKET PID EXPORT SOCKET PID EXPORT [MEASURE], an EXPORT "" for the root itself
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <linux/virtio_ring.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { RING = 1024, MEMORY = 8 << 20, PIECE = 4096, MIB = 1 << 20, WARM_SECONDS = 3, MEASURE_SECONDS = 4, SLICE_MILLIS = 50 };
enum { IN = 1 << 20, TABLE = 3 << 20, OUT = 4 << 20 }; /* where requests and answers lie in the memory */

struct queue {
  struct vring ring;
  int kick, call;
  uint16_t seen;
};

/* One of the two that are compared. */
struct server {
  int connection, event_index, indirect;
  char *memory;
  struct queue queues[2];
  clockid_t clock;
  uint64_t top, file, tree, handle;
  double cpu, wall;
  long count;
};

static struct server servers[2], *s;
static uint64_t unique;

static void fail(const char *what) {
  fprintf(stderr, "fs-requests: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void tell(uint32_t request, const void *payload, uint32_t size, int file) {
  char bytes[256];
  uint32_t header[3] = {request, 1, size};
  memcpy(bytes, header, 12);
  if (size) memcpy(bytes + 12, payload, size);
  struct iovec part = {bytes, 12 + size};
  union { struct cmsghdr header; char room[CMSG_SPACE(sizeof(int))]; } control = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (file >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &file, sizeof file);
  }
  if (sendmsg(s->connection, &message, 0) < 0) fail("sendmsg");
}

static uint64_t ask(uint32_t request) {
  struct { uint32_t header[3]; uint64_t value; } __attribute__((packed)) answer;
  tell(request, NULL, 0, -1);
  if (recv(s->connection, &answer, sizeof answer, MSG_WAITALL) != sizeof answer) fail("recv");
  return answer.value;
}

static void plug(int index) {
  struct queue *q = &s->queues[index];
  char *at = s->memory + index * (MIB / 2);
  vring_init(&q->ring, RING, at, 4096);
  q->kick = eventfd(0, EFD_NONBLOCK);
  q->call = eventfd(0, 0);
  uint32_t size[2] = {index, RING}, base[2] = {index, 0}, enable[2] = {index, 1};
  struct { uint32_t index, flags; uint64_t descriptors, used, available, log; } address = {
      index, 0, (uint64_t)q->ring.desc, (uint64_t)q->ring.used, (uint64_t)q->ring.avail, 0};
  uint64_t number = index;
  tell(8, size, sizeof size, -1);
  tell(10, base, sizeof base, -1);
  tell(9, &address, sizeof address, -1);
  tell(13, &number, sizeof number, q->call);
  tell(12, &number, sizeof number, q->kick);
  tell(18, enable, sizeof enable, -1);
}

static void connect_to(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  strncpy(name.sun_path, path, sizeof name.sun_path - 1);
  s->connection = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(s->connection, (struct sockaddr *)&name, sizeof name)) fail(path);
  int memory_file = memfd_create("guest", MFD_ALLOW_SEALING);
  if (ftruncate(memory_file, MEMORY)) fail("ftruncate");
  s->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memory_file, 0);
  uint64_t features = ask(1), wanted = 1ull << 32 | 1ull << 30 | 1ull << VIRTIO_RING_F_EVENT_IDX | 1ull << VIRTIO_RING_F_INDIRECT_DESC;
  features &= wanted;
  s->event_index = (features >> VIRTIO_RING_F_EVENT_IDX) & 1;
  s->indirect = (features >> VIRTIO_RING_F_INDIRECT_DESC) & 1;
  tell(3, NULL, 0, -1);
  uint64_t protocol = ask(15) & 1;
  tell(16, &protocol, sizeof protocol, -1);
  tell(2, &features, sizeof features, -1);
  struct { uint32_t count, padding; uint64_t guest, size, user, offset; } table = {
      1, 0, 0, MEMORY, (uint64_t)s->memory, 0};
  tell(5, &table, sizeof table, memory_file);
  plug(0);
  plug(1);
}

/* Where the piece at an offset lies: a guest's pages are no neighbours, so they come last to first. */
static uint32_t scattered(uint32_t offset, uint32_t size) {
  return size % PIECE ? offset : size - PIECE - offset;
}

/* Sends what lies at IN and waits until it is done; what comes lies at OUT. */
static void send_over(struct queue *q, struct fuse_in_header *header, uint32_t in, uint32_t whole) {
  struct vring *r = &q->ring;
  header->len = in;
  header->unique = ++unique;
  int n = 0;
  struct vring_desc *table = s->indirect ? (void *)(s->memory + TABLE) : r->desc;
  /* As Linux's driver lays it out: header, fixed arguments, data. */
  uint32_t fixed = header->opcode == FUSE_WRITE ? sizeof(struct fuse_write_in) : PIECE;
  for (uint32_t done = 0, take; done < in; done += take, n++) {
    take = in - done;
    uint32_t most = n == 0 ? sizeof(struct fuse_in_header) : n == 1 ? fixed : PIECE;
    if (take > most) take = most;
    uint32_t data = sizeof(struct fuse_in_header) + fixed;
    uint32_t at = n < 2 ? done : data + scattered(done - data, in - data);
    table[n] = (struct vring_desc){IN + at, take, VRING_DESC_F_NEXT, n + 1};
  }
  for (uint32_t done = 0, take; done < whole; done += take, n++) {
    take = done == 0 ? sizeof(struct fuse_out_header) : whole - done > PIECE ? PIECE : whole - done;
    uint32_t head = sizeof(struct fuse_out_header);
    uint32_t at = done > 0 && header->opcode == FUSE_READ ? head + scattered(done - head, whole - head) : done;
    table[n] = (struct vring_desc){OUT + at, take, VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, n + 1};
  }
  table[n - 1].flags &= ~VRING_DESC_F_NEXT;
  if (s->indirect) r->desc[0] = (struct vring_desc){TABLE, n * sizeof *table, VRING_DESC_F_INDIRECT, 0};
  uint16_t old = r->avail->idx;
  r->avail->ring[old % RING] = 0;
  vring_used_event(r) = q->seen;
  __atomic_store_n(&r->avail->idx, old + 1, __ATOMIC_SEQ_CST);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  int wanted = s->event_index ? vring_need_event(vring_avail_event(r), old + 1, old)
                           : !(r->used->flags & VRING_USED_F_NO_NOTIFY);
  if (wanted && eventfd_write(q->kick, 1)) fail("kick");
  struct pollfd call = {q->call, POLLIN, 0}; /* a back end may have it not block */
  while (__atomic_load_n(&r->used->idx, __ATOMIC_ACQUIRE) == q->seen) {
    eventfd_t count;
    /* Drivers do not wait for what has no answer, and need not be told of it at once. */
    if (!whole) sched_yield();
    else if (poll(&call, 1, -1) < 0 || eventfd_read(q->call, &count)) fail("call");
  }
  q->seen++;
}

/* Answers minus errno, or bytes behind the header. */
static int exchange(struct fuse_in_header *header, uint32_t in, uint32_t out) {
  send_over(&s->queues[1], header, in, sizeof(struct fuse_out_header) + out);
  struct fuse_out_header *answer = (void *)(s->memory + OUT);
  if (answer->unique != unique) fail("an answer to another request");
  return answer->error ? answer->error : (int)(answer->len - sizeof *answer);
}

static struct fuse_in_header *request(uint32_t opcode, uint64_t node) {
  struct fuse_in_header *header = (void *)(s->memory + IN);
  *header = (struct fuse_in_header){.opcode = opcode, .nodeid = node};
  return header;
}

static void *arguments(void) { return s->memory + IN + sizeof(struct fuse_in_header); }
static void *answer(void) { return s->memory + OUT + sizeof(struct fuse_out_header); }

static uint64_t lookup(uint64_t parent, const char *name) {
  struct fuse_in_header *header = request(FUSE_LOOKUP, parent);
  strcpy(arguments(), name);
  if (exchange(header, sizeof *header + strlen(name) + 1, sizeof(struct fuse_entry_out)) < 0) return 0;
  return ((struct fuse_entry_out *)answer())->nodeid;
}

static int get_attributes(uint64_t node) {
  struct fuse_in_header *header = request(FUSE_GETATTR, node);
  memset(arguments(), 0, sizeof(struct fuse_getattr_in));
  return exchange(header, sizeof *header + sizeof(struct fuse_getattr_in), sizeof(struct fuse_attr_out));
}

static uint64_t open_file(uint32_t opcode, uint64_t node, int flags) {
  struct fuse_in_header *header = request(opcode, node);
  *(struct fuse_open_in *)arguments() = (struct fuse_open_in){.flags = flags};
  if (exchange(header, sizeof *header + sizeof(struct fuse_open_in), sizeof(struct fuse_open_out)) < 0) return ~0ull;
  return ((struct fuse_open_out *)answer())->fh;
}

static int close_file(uint32_t opcode, uint64_t node, uint64_t handle) {
  struct fuse_in_header *header = request(opcode, node);
  *(struct fuse_release_in *)arguments() = (struct fuse_release_in){.fh = handle};
  return exchange(header, sizeof *header + sizeof(struct fuse_release_in), 0);
}

static int read_file(uint32_t opcode, uint64_t node, uint64_t handle, uint64_t offset, uint32_t size) {
  struct fuse_in_header *header = request(opcode, node);
  *(struct fuse_read_in *)arguments() = (struct fuse_read_in){.fh = handle, .offset = offset, .size = size};
  return exchange(header, sizeof *header + sizeof(struct fuse_read_in), size);
}

static int write_file(uint64_t node, uint64_t handle, uint64_t offset, uint32_t size) {
  struct fuse_in_header *header = request(FUSE_WRITE, node);
  *(struct fuse_write_in *)arguments() = (struct fuse_write_in){.fh = handle, .offset = offset, .size = size};
  return exchange(header, sizeof *header + sizeof(struct fuse_write_in) + size, sizeof(struct fuse_write_out));
}

static uint32_t written(void) { return ((struct fuse_write_out *)answer())->size; }

static uint64_t create_file(uint64_t parent, const char *name, uint64_t *handle) {
  struct fuse_in_header *header = request(FUSE_CREATE, parent);
  struct fuse_create_in *in = arguments();
  *in = (struct fuse_create_in){.flags = O_RDWR | O_CREAT, .mode = 0100644};
  strcpy((char *)(in + 1), name);
  uint32_t out = sizeof(struct fuse_entry_out) + sizeof(struct fuse_open_out);
  if (exchange(header, sizeof *header + sizeof *in + strlen(name) + 1, out) < 0) return 0;
  struct fuse_entry_out *entry = answer();
  *handle = ((struct fuse_open_out *)(entry + 1))->fh;
  return entry->nodeid;
}

static void forget(uint64_t node) {
  struct fuse_in_header *header = request(FUSE_FORGET, node);
  *(struct fuse_forget_in *)arguments() = (struct fuse_forget_in){.nlookup = 1};
  send_over(&s->queues[0], header, sizeof *header + sizeof(struct fuse_forget_in), 0);
}

static int unlink_file(uint64_t parent, const char *name) {
  struct fuse_in_header *header = request(FUSE_UNLINK, parent);
  strcpy(arguments(), name);
  return exchange(header, sizeof *header + strlen(name) + 1, 0);
}

static long long clock_of(clockid_t clock) {
  struct timespec t;
  if (clock_gettime(clock, &t)) fail("clock");
  return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static void do_lookup(int i) { (void)i; if (!lookup(s->top, "file")) fail("lookup"); }
static void do_attributes(int i) { (void)i; if (get_attributes(s->file) < 0) fail("getattr"); }
static void do_open(int i) {
  (void)i;
  uint64_t handle = open_file(FUSE_OPEN, s->file, O_RDONLY);
  if (handle == ~0ull || close_file(FUSE_RELEASE, s->file, handle) < 0) fail("open");
}
static void do_read_4k(int i) {
  if (read_file(FUSE_READ, s->file, s->handle, (i * 37 % 4096) * 4096ull, 4096) != 4096) fail("read");
}
static void do_write_4k(int i) {
  if (write_file(s->file, s->handle, (i * 37 % 4096) * 4096ull, 4096) < 0 || written() != 4096) fail("write");
}
static void do_read_128k(int i) {
  if (read_file(FUSE_READ, s->file, s->handle, (i % 128) * (uint64_t)MIB / 8, MIB / 8) != MIB / 8) fail("read");
}
static void do_read_1m(int i) {
  if (read_file(FUSE_READ, s->file, s->handle, (i % 16) * (uint64_t)MIB, MIB) != MIB) fail("read");
}
static void do_write_1m(int i) {
  if (write_file(s->file, s->handle, (i % 16) * (uint64_t)MIB, MIB) < 0 || written() != MIB) fail("write");
}
static void do_list(int i) {
  (void)i;
  uint64_t handle = open_file(FUSE_OPENDIR, s->tree, O_RDONLY | O_DIRECTORY), offset = 0;
  for (int size; (size = read_file(FUSE_READDIRPLUS, s->tree, handle, offset, 4096)) > 0;) {
    for (int at = 0; at < size;) {
      struct fuse_direntplus *entry = (void *)((char *)answer() + at);
      offset = entry->dirent.off;
      at += FUSE_DIRENTPLUS_SIZE(entry);
    }
  }
  if (close_file(FUSE_RELEASEDIR, s->tree, handle) < 0) fail("list");
}
static void do_create(int i) {
  char name[32];
  snprintf(name, sizeof name, "made-%d", i % 10);
  uint64_t handle, node = create_file(s->top, name, &handle);
  if (!node || close_file(FUSE_RELEASE, node, handle) < 0 || unlink_file(s->top, name) < 0) fail("create");
  forget(node);
}

static const struct { const char *name; void (*one)(int); } measures[] = {
    {"lookup", do_lookup},     {"attributes", do_attributes}, {"open-close", do_open},
    {"read-4k", do_read_4k},   {"write-4k", do_write_4k},     {"read-128k", do_read_128k}, {"read-1m", do_read_1m},
    {"write-1m", do_write_1m}, {"list-100-files", do_list},   {"create-close-delete", do_create}};

/* In short turns, so that what else the machine does meets both. */
static void measure(int number, int seconds) {
  for (int i = 0; i < 2; i++) servers[i].cpu = servers[i].wall = servers[i].count = 0;
  for (int turn = 0; turn < seconds * 1000 / SLICE_MILLIS; turn++) {
    s = &servers[turn % 2];
    long long wall = clock_of(CLOCK_MONOTONIC), cpu = clock_of(s->clock), now = wall;
    for (; now - wall < SLICE_MILLIS * 1000000ll; now = clock_of(CLOCK_MONOTONIC)) measures[number].one(s->count++);
    s->cpu += (clock_of(s->clock) - cpu) / 1e3;
    s->wall += (now - wall) / 1e3;
  }
}

static void say(int number) {
  printf("%-20s", measures[number].name);
  double cpu[2], wall[2];
  for (int i = 0; i < 2; i++) {
    cpu[i] = servers[i].cpu / servers[i].count;
    wall[i] = servers[i].wall / servers[i].count;
  }
  printf(" %10.1f %10.1f %6.2f   %10.1f %10.1f %6.2f\n", cpu[0], cpu[1], cpu[0] / cpu[1], wall[0], wall[1],
         wall[0] / wall[1]);
  fflush(stdout);
}

/* virtiofsd serves from a child, in namespaces of its own, once somebody has connected. */
static int serving(int pid) {
  char path[64];
  int child;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
  FILE *children = fopen(path, "r");
  if (!children || fscanf(children, "%d", &child) != 1) child = pid;
  if (children) fclose(children);
  return child;
}

static void prepare(char **words) {
  connect_to(words[0]);
  struct fuse_in_header *header = request(FUSE_INIT, 0);
  *(struct fuse_init_in *)arguments() = (struct fuse_init_in){
      .major = 7, .minor = 36, .max_readahead = MIB, .flags = ~(FUSE_INIT_EXT | FUSE_POSIX_LOCKS)};
  if (exchange(header, sizeof *header + sizeof(struct fuse_init_in), sizeof(struct fuse_init_out)) < 0) fail("init");
  if (clock_getcpuclockid(serving(atoi(words[1])), &s->clock)) fail("pid");
  s->top = *words[2] ? lookup(FUSE_ROOT_ID, words[2]) : FUSE_ROOT_ID;
  s->file = create_file(s->top, "file", &s->handle);
  if (!s->file) fail("create");
  s->tree = lookup(s->top, "tree");
  for (int i = 0; i < 16; i++) do_write_1m(i);
}

/* Whether there is such a measure; else says which there are. */
static bool known(const char *name) {
  int all = sizeof measures / sizeof *measures;
  for (int i = 0; i < all; i++) {
    if (!strcmp(name, measures[i].name)) return true;
  }
  fprintf(stderr, "no measure \"%s\"; there are:\n", name);
  for (int i = 0; i < all; i++) fprintf(stderr, "  %s\n", measures[i].name);
  return false;
}

int main(int count, char **words) {
  if (count < 7 || (count > 7 && !known(words[7]))) return 2;
  for (int i = 0; i < 2; i++) {
    s = &servers[i];
    prepare(words + 1 + 3 * i);
  }
  int all = sizeof measures / sizeof *measures;
  for (int i = 0; i < 2 * all; i++) {
    if (count > 7 && strcmp(words[7], measures[i % all].name)) continue;
    measure(i % all, i < all ? WARM_SECONDS : MEASURE_SECONDS);
    if (i >= all) say(i % all);
  }
  return 0;
}
