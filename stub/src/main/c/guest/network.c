/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/* Addresses and routes by the old ioctls, which need no netlink message. netdevice(7), route(7) */
#include "../kernel.h"
#include "../text.h"
#include "guest.h"

#define SIOCADDRT 0x890b
#define SIOCGIFFLAGS 0x8913
#define SIOCSIFFLAGS 0x8914
#define SIOCSIFADDR 0x8916
#define SIOCSIFNETMASK 0x891c
#define SIOCSIFMTU 0x8922
#define SIOCSIFHWADDR 0x8924
#define SIOCGIFINDEX 0x8933
#define IFF_UP 1
#define ARPHRD_ETHER 1
#define INET6 10
#define RTF_UP 1
#define RTF_GATEWAY 2

struct address4 {
  uint16_t family;
  uint16_t port;
  uint8_t address[4];
  uint8_t zero[8];
};

struct interface_request {
  char name[16];
  union {
    struct address4 address;
    struct {
      uint16_t family;
      uint8_t bytes[14];
    } hardware;
    int16_t flags;
    int32_t number;
    uint8_t space[24];
  };
};

struct route4_request {
  unsigned long pad1;
  struct address4 destination, gateway, mask;
  unsigned short flags;
  short pad2;
  unsigned long pad3;
  void *pad4;
  short metric;
  char *device;
  unsigned long mtu, window;
  unsigned short rtt;
};

struct address6_request {
  uint8_t address[16];
  uint32_t prefix;
  int32_t interface;
};

struct route6_request {
  uint8_t destination[16], source[16], gateway[16];
  uint32_t type;
  uint16_t destination_bits, source_bits;
  uint32_t metric;
  unsigned long info;
  uint32_t flags;
  int32_t interface;
};

static struct interface_request request_for(const char name[16]) {
  struct interface_request request = {0};
  memcpy(request.name, name, 15);
  return request;
}

static struct address4 address4(const uint8_t *bytes) {
  struct address4 address = {.family = AF_INET};
  memcpy(address.address, bytes, 4);
  return address;
}

static struct address4 mask4(unsigned bits) {
  uint8_t bytes[4];
  for (unsigned i = 0; i < 4; i++) {
    unsigned here = bits > i * 8 ? bits - i * 8 : 0;
    bytes[i] = (uint8_t)(here >= 8 ? 0xff : 0xff00 >> here);
  }
  return address4(bytes);
}

static long index_of(int socket, const char name[16]) {
  struct interface_request request = request_for(name);
  long result = sys_ioctl(socket, SIOCGIFINDEX, &request);
  return result < 0 ? result : request.number;
}

static bool has_hardware(const uint8_t *hardware) {
  for (int i = 0; i < 6; i++) {
    if (hardware[i] != 0) return true;
  }
  return false;
}

static long change(int socket, int socket6, const struct interface_order *order) {
  struct interface_request request = request_for(order->name);
  long result;
  if (has_hardware(order->hardware)) {
    request.hardware.family = ARPHRD_ETHER;
    memcpy(request.hardware.bytes, order->hardware, 6);
    if ((result = sys_ioctl(socket, SIOCSIFHWADDR, &request)) < 0) return result;
  }
  if (order->mtu != 0) {
    request.number = (int32_t)order->mtu;
    if ((result = sys_ioctl(socket, SIOCSIFMTU, &request)) < 0) return result;
  }
  if (order->family == 4) {
    request.address = address4(order->address);
    if ((result = sys_ioctl(socket, SIOCSIFADDR, &request)) < 0) return result;
    request.address = mask4(order->prefix);
    if ((result = sys_ioctl(socket, SIOCSIFNETMASK, &request)) < 0) return result;
  }
  if (order->family == 6) {
    long index = index_of(socket, order->name);
    if (index < 0) return index;
    struct address6_request address = {.prefix = order->prefix, .interface = (int32_t)index};
    memcpy(address.address, order->address, 16);
    if ((result = sys_ioctl(socket6, SIOCSIFADDR, &address)) < 0) return result;
  }
  if ((result = sys_ioctl(socket, SIOCGIFFLAGS, &request)) < 0) return result;
  request.flags |= IFF_UP;
  return sys_ioctl(socket, SIOCSIFFLAGS, &request);
}

static long with_sockets(
    long (*action)(int socket, int socket6, const void *order), const void *order) {
  int socket = (int)CALL3(socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return socket;
  int socket6 = (int)CALL3(socket, INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  long result = action(socket, socket6, order);
  if (socket6 >= 0) sys_close(socket6);
  sys_close(socket);
  return result;
}

static long interface_action(int socket, int socket6, const void *order) {
  return change(socket, socket6, order);
}

static long route_action(int socket, int socket6, const void *given) {
  static const uint8_t nowhere[16];
  const struct route_order *order = given;
  bool through = memcmp(order->gateway, nowhere, 16) != 0;
  if (order->family == 4) {
    char name[16];
    memcpy(name, order->name, 15);
    name[15] = 0;
    struct route4_request route = {
        .destination = address4(order->destination),
        .gateway = address4(order->gateway),
        .mask = mask4(order->prefix),
        .flags = (unsigned short)(RTF_UP | (through ? RTF_GATEWAY : 0)),
        .device = name,
    };
    return sys_ioctl(socket, SIOCADDRT, &route);
  }
  long index = index_of(socket, order->name);
  if (index < 0) return index;
  struct route6_request route = {
      .destination_bits = order->prefix,
      .metric = 1,
      .flags = RTF_UP | (through ? RTF_GATEWAY : 0),
      .interface = (int32_t)index,
  };
  memcpy(route.destination, order->destination, 16);
  memcpy(route.gateway, order->gateway, 16);
  return sys_ioctl(socket6, SIOCADDRT, &route);
}

long set_interface(const struct interface_order *order) {
  return with_sockets(interface_action, order);
}

long add_route(const struct route_order *order) { return with_sockets(route_action, order); }
