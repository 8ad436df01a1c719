/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
/*
 * The second yardstick of `./dev bench start`: what the kernel asks for a container when nobody manages it. Makes the
 * namespaces, the mounts, the masks, the rights and the filter that a container of ours without network has, and with
 * GROUPS also its control groups (cgroup v1), runs a program in it, waits, and removes all of it. One process and one
 * child, no engine, no plan, no log, no record, nothing that outlives a kill.
 *
 * container-floor ROOT SCRATCH GROUPS PROGRAM: ROOT is what the overlay lies on, SCRATCH gets its upper directory,
 * GROUPS is a name for the control groups, or "" for none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 300 /* comparisons in the filter, about as many as the common profile has */
#define DOCKER_CAPABILITIES 0xa80425fbull
#define CAREFUL (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static const char *const hierarchies[] = {"cpu", "cpuacct", "memory", "devices", "freezer", "blkio", "pids"};
static const char *const masked[] = {
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap",
    "/sys/firmware"};
static const char *const frozen[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
static const struct { const char *name; int minor; int major; } devices[] = {
    {"null", 3, 1}, {"zero", 5, 1}, {"full", 7, 1}, {"random", 8, 1}, {"urandom", 9, 1}, {"tty", 0, 5}};
static const char *const links[][2] = {
    {"/proc/self/fd", "fd"}, {"/proc/self/fd/0", "stdin"}, {"/proc/self/fd/1", "stdout"},
    {"/proc/self/fd/2", "stderr"}, {"/proc/kcore", "core"}, {"pts/ptmx", "ptmx"}};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static int checked(const char *what, long result) {
  if (result >= 0) return (int)result;
  perror(what);
  exit(1);
}

static char *text(const char *format, const char *first, const char *second) {
  char *made;
  checked("asprintf", asprintf(&made, format, first, second));
  return made;
}

static void mounted(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
  checked(target, mount(source, target, type, flags, data));
}

static void show_groups(const char *groups) {
  mounted("tmpfs", "sys/fs/cgroup", "tmpfs", CAREFUL, "mode=755,size=64k");
  for (size_t i = 0; i < COUNT(hierarchies); i++) {
    char *target = text("sys/fs/cgroup/%s%s", hierarchies[i], "");
    checked(target, mkdir(target, 0755));
    mounted(text("/sys/fs/cgroup/%s/%s", hierarchies[i], groups), target, NULL, MS_BIND, NULL);
    mounted(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | CAREFUL, NULL);
  }
  mounted(NULL, "sys/fs/cgroup", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | CAREFUL, NULL);
}

static void kernel_file_systems(const char *groups) {
  mounted("proc", "proc", "proc", CAREFUL, NULL);
  mounted("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
  for (size_t i = 0; i < 3; i++) checked("mkdir", mkdir((const char *[]){"dev/pts", "dev/shm", "dev/mqueue"}[i], 0755));
  mounted("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
  mounted("tmpfs", "dev/shm", "tmpfs", CAREFUL, "mode=1777,size=65536k");
  mounted("mqueue", "dev/mqueue", "mqueue", CAREFUL, NULL);
  mounted("sysfs", "sys", "sysfs", CAREFUL | MS_RDONLY, NULL);
  if (groups[0] != 0) show_groups(groups);
  umask(0);
  for (size_t i = 0; i < COUNT(devices); i++) {
    char *path = text("dev/%s%s", devices[i].name, "");
    checked(path, mknod(path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)));
  }
  for (size_t i = 0; i < COUNT(links); i++) {
    char *path = text("dev/%s%s", links[i][1], "");
    checked(path, symlink(links[i][0], path));
  }
  umask(022);
}

static void build_root(const char *root, const char *scratch, const char *groups) {
  char *options;
  checked("asprintf", asprintf(&options, "lowerdir=%s,upperdir=%s/upper,workdir=%s/work,index=off,volatile", root,
                               scratch, scratch));
  mounted(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  mounted("overlay", root, "overlay", 0, options);
  checked("chdir", chdir(root));
  kernel_file_systems(groups);
  for (size_t i = 0; i < 3; i++) {
    const char *file = (const char *[]){"etc/hosts", "etc/hostname", "etc/resolv.conf"}[i];
    mounted("/etc/hostname", file, NULL, MS_BIND, NULL);
  }
  checked("pivot_root", syscall(SYS_pivot_root, ".", "."));
  mounted(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL);
  checked("umount2", umount2(".", MNT_DETACH));
  checked("chdir", chdir("/"));
}

static void close_paths(void) {
  struct stat status;
  for (size_t i = 0; i < COUNT(frozen); i++) {
    if (mount(frozen[i], frozen[i], NULL, MS_BIND | MS_REC, NULL) < 0) continue;
    mounted(NULL, frozen[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | CAREFUL, NULL);
  }
  for (size_t i = 0; i < COUNT(masked); i++) {
    if (stat(masked[i], &status) < 0) continue;
    if (S_ISDIR(status.st_mode)) mounted("tmpfs", masked[i], "tmpfs", MS_RDONLY, NULL);
    else mounted("/dev/null", masked[i], NULL, MS_BIND, NULL);
  }
}

static void raise_loopback(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int fd = checked("socket", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  checked("SIOCSIFFLAGS", ioctl(fd, SIOCSIFFLAGS, &request));
  close(fd);
}

static void give_up_rights(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0}};
  for (int number = 0; number < 64; number++) {
    if ((DOCKER_CAPABILITIES >> number & 1) == 0) prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
  }
  data[0].effective = data[0].permitted = (unsigned)DOCKER_CAPABILITIES;
  checked("capset", syscall(SYS_capset, &header, data));
  checked("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void filter_calls(void) {
  static struct sock_filter code[CALLS + 2];
  code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (int i = 0; i < CALLS; i++) { /* numbers that no program uses: each is compared, and nothing is refused */
    code[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 100000u + (unsigned)i, 0, 0);
  }
  code[CALLS + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {CALLS + 2, code};
  checked("seccomp", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

static void become_container(char **words, int turn) {
  char byte;
  checked("read", read(turn, &byte, 1));
  if (words[3][0] != 0) checked("unshare", unshare(CLONE_NEWCGROUP));
  checked("sethostname", sethostname("floor", 5));
  raise_loopback();
  build_root(words[1], words[2], words[3]);
  close_paths();
  give_up_rights();
  filter_calls();
  checked(words[4], execve(words[4], words + 4, (char *[]){"PATH=/bin", NULL}));
}

static void in_groups(const char *groups, pid_t child) {
  for (size_t i = 0; i < COUNT(hierarchies); i++) {
    char *directory = text("/sys/fs/cgroup/%s/%s", hierarchies[i], groups);
    if (child == 0) {
      while (rmdir(directory) < 0 && errno == EBUSY) usleep(100); /* its last process has just gone */
      continue;
    }
    checked(directory, mkdir(directory, 0755));
    int fd = checked(directory, open(text("%s/%s", directory, "cgroup.procs"), O_WRONLY | O_CLOEXEC));
    checked(directory, dprintf(fd, "%d", child));
    close(fd);
  }
}

static int removed(const char *path, const struct stat *status, int flag, struct FTW *at) {
  (void)status, (void)flag, (void)at;
  return remove(path);
}

int main(int count, char **words) {
  int ends[2];
  int status;
  if (count < 5) return 2;
  for (size_t i = 0; i < 3; i++) {
    char *made = text("%s/%s", words[2], (const char *[]){"", "upper", "work"}[i]);
    checked(made, mkdir(made, 0700));
  }
  checked("pipe2", pipe2(ends, O_CLOEXEC));
  unsigned long namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET;
  pid_t child = checked("clone", syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, NULL));
  if (child == 0) become_container(words, ends[0]);
  if (words[3][0] != 0) in_groups(words[3], child);
  checked("write", write(ends[1], "", 1));
  checked("waitpid", waitpid(child, &status, 0));
  if (words[3][0] != 0) in_groups(words[3], 0);
  checked(words[2], nftw(words[2], removed, 8, FTW_DEPTH | FTW_PHYS));
  return status == 0 ? 0 : 1;
}
