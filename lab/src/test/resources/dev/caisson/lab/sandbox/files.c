/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a program expects of the file system in a directory, one point a line: "ok POINT", or "not POINT" with the
 * line of this file that was not true. For FilesContract; needs root. usage: files DIRECTORY
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { USER = 1234, GROUP = 5678, PAGE = 4096, NOREPLACE = 1, EXCHANGE = 2 };

static int wrong;
#define TRUE(condition)                                                                    \
  do                                                                                       \
    if (!(condition)) {                                                                    \
      if (!wrong) fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition, strerror(errno)); \
      if (!wrong) wrong = __LINE__;                                                        \
    }                                                                                      \
  while (0)
#define REFUSED(number, call) TRUE((errno = 0, (call) == -1 && errno == (number)))

static struct stat status;

static int make(const char *name, const char *content) {
  int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0644);
  TRUE(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
  return fd;
}

static int holds(const char *name, const char *content) {
  char text[64] = "";
  int fd = open(name, O_RDONLY);
  ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  return n == (ssize_t)strlen(content) && !memcmp(text, content, n);
}

/* In a child, so that what it becomes or holds ends with it; answers whether all was true there. */
static int apart(void (*act)(void)) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    wrong = 0;
    act();
    _exit(wrong != 0);
  }
  int how;
  return waitpid(child, &how, 0) == child && WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

static void links(void) {
  close(make("a", "one"));
  TRUE(link("a", "b") == 0 && stat("a", &status) == 0 && status.st_nlink == 2);
  ino_t inode = status.st_ino;
  TRUE(stat("b", &status) == 0 && status.st_ino == inode);
  REFUSED(EEXIST, link("a", "b"));
  int fd = open("b", O_RDWR);
  TRUE(unlink("a") == 0 && unlink("b") == 0 && fstat(fd, &status) == 0 && status.st_nlink == 0);
  char text[4] = "";
  TRUE(pread(fd, text, 3, 0) == 3 && !strcmp(text, "one")); /* removed, and still there for who has it open */
  TRUE(ftruncate(fd, 1) == 0 && fchmod(fd, 0600) == 0 && fstat(fd, &status) == 0 && status.st_size == 1);
  close(fd);
  TRUE(symlink("target", "s") == 0 && lstat("s", &status) == 0 && S_ISLNK(status.st_mode) && status.st_size == 6);
  char target[16] = "";
  TRUE(readlink("s", target, sizeof target) == 6 && !strcmp(target, "target"));
  REFUSED(ENOENT, open("s", O_RDONLY));
  REFUSED(ELOOP, open("s", O_RDONLY | O_NOFOLLOW));
  close(make("target", "two"));
  TRUE(holds("s", "two"));
  TRUE(linkat(AT_FDCWD, "s", AT_FDCWD, "t", 0) == 0 && lstat("t", &status) == 0 && S_ISLNK(status.st_mode));
  TRUE(symlink("loop", "loop") == 0);
  REFUSED(ELOOP, open("loop", O_RDONLY));
}

static void attributes(void) {
  int fd = make("a", "");
  char value[64] = "", names[256] = "";
  TRUE(setxattr("a", "user.color", "red", 3, XATTR_CREATE) == 0);
  REFUSED(EEXIST, setxattr("a", "user.color", "blue", 4, XATTR_CREATE));
  TRUE(fsetxattr(fd, "user.color", "green", 5, XATTR_REPLACE) == 0);
  TRUE(getxattr("a", "user.color", NULL, 0) == 5 && fgetxattr(fd, "user.color", value, sizeof value) == 5);
  TRUE(!strcmp(value, "green"));
  REFUSED(ERANGE, getxattr("a", "user.color", value, 2));
  ssize_t length = listxattr("a", names, sizeof names);
  TRUE(length > 0 && memmem(names, length, "user.color", 11));
  TRUE(removexattr("a", "user.color") == 0);
  REFUSED(ENODATA, getxattr("a", "user.color", value, sizeof value));
  TRUE(mkdir("d", 0755) == 0 && setxattr("d", "user.x", "", 0, 0) == 0 && getxattr("d", "user.x", value, 1) == 0);
  close(fd);
}

static void foreign_locks(void) {
  int fd = open("a", O_RDWR);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
  REFUSED(EAGAIN, fcntl(fd, F_SETLK, &lock));
  TRUE(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_pid == getppid());
  lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 10};
  TRUE(fcntl(fd, F_SETLK, &lock) == 0); /* beside it is free */
  int other = open("b", O_RDWR);
  REFUSED(EWOULDBLOCK, flock(other, LOCK_EX | LOCK_NB));
  REFUSED(EWOULDBLOCK, flock(other, LOCK_SH | LOCK_NB));
}

static void free_locks(void) {
  int fd = open("a", O_RDWR), other = open("b", O_RDWR);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  TRUE(fcntl(fd, F_SETLK, &lock) == 0 && flock(other, LOCK_EX | LOCK_NB) == 0);
}

static void locks(void) {
  int fd = make("a", "0123456789"), other = make("b", "");
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 10};
  TRUE(fcntl(fd, F_SETLK, &lock) == 0 && flock(other, LOCK_EX) == 0);
  TRUE(apart(foreign_locks));
  lock.l_type = F_UNLCK;
  TRUE(fcntl(fd, F_SETLK, &lock) == 0 && flock(other, LOCK_UN) == 0);
  TRUE(apart(free_locks));
  int again = open("a", O_RDWR); /* locks of open file descriptions stand against each other in one process */
  lock = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
  TRUE(fcntl(fd, F_OFD_SETLK, &lock) == 0);
  REFUSED(EAGAIN, fcntl(again, F_OFD_SETLK, &lock));
}

static void beyond_the_end(void) {
  int fd = make("short", "x");
  char *map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
  TRUE(map != MAP_FAILED && map[0] == 'x' && map[1] == 0);
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGBUS, SIG_DFL);
    _exit(((volatile char *)map)[PAGE]);
  }
  int how;
  TRUE(waitpid(child, &how, 0) == child && WIFSIGNALED(how) && WTERMSIG(how) == SIGBUS);
}

static void maps(void) {
  int fd = make("a", "");
  TRUE(ftruncate(fd, 2 * PAGE) == 0);
  char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *own = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  TRUE(shared != MAP_FAILED && own != MAP_FAILED);
  if (wrong) return;
  memcpy(shared + PAGE - 2, "abcd", 4);
  char text[5] = "";
  TRUE(msync(shared, 2 * PAGE, MS_SYNC) == 0 && pread(fd, text, 4, PAGE - 2) == 4 && !strcmp(text, "abcd"));
  TRUE(pwrite(fd, "wxyz", 4, 0) == 4 && !memcmp(shared, "wxyz", 4));
  own[8] = 'p';
  TRUE(pread(fd, text, 1, 8) == 1 && text[0] == 0 && shared[8] == 0);
  TRUE(munmap(shared, 2 * PAGE) == 0 && close(fd) == 0);
  TRUE((fd = open("a", O_RDONLY)) >= 0 && pread(fd, text, 4, PAGE - 2) == 4 && !strcmp(text, "abcd"));
  TRUE(apart(beyond_the_end));
}

static int rename_with(const char *from, const char *to, unsigned flags) {
  return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void renames(void) {
  close(make("a", "a"));
  close(make("b", "b"));
  REFUSED(EEXIST, rename_with("a", "b", NOREPLACE));
  TRUE(rename_with("a", "c", NOREPLACE) == 0 && access("a", F_OK) == -1 && holds("c", "a"));
  TRUE(rename_with("b", "c", EXCHANGE) == 0 && holds("b", "a") && holds("c", "b"));
  REFUSED(ENOENT, rename_with("b", "none", EXCHANGE));
  REFUSED(EINVAL, rename_with("b", "c", NOREPLACE | EXCHANGE));
  int fd = open("c", O_RDONLY);
  char text[2] = "";
  TRUE(rename("b", "c") == 0 && holds("c", "a") && read(fd, text, 1) == 1 && text[0] == 'b'); /* the replaced one stays open */
  TRUE(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
  REFUSED(EINVAL, rename("d", "d/e/f"));
  REFUSED(EISDIR, rename("c", "d/e"));
  TRUE(rename("c", "d/e/c") == 0 && holds("d/e/c", "a") && rename("d/e", "f") == 0 && holds("f/c", "a"));
}

static void as_user(void) {
  gid_t group = GROUP;
  TRUE(setgroups(1, &group) == 0 && setresgid(GROUP, GROUP, GROUP) == 0 && setresuid(USER, USER, USER) == 0);
}

static void as_owner(void) {
  as_user();
  close(make("own/made", "x"));
  TRUE(stat("own/made", &status) == 0 && status.st_uid == USER && status.st_gid == GROUP);
  TRUE(chmod("own/made", 0640) == 0 && stat("own/made", &status) == 0 && (status.st_mode & 07777) == 0640);
  REFUSED(EPERM, chown("own/made", 0, 0));
  REFUSED(EACCES, open("closed", O_RDONLY));
  REFUSED(EPERM, unlink("sticky/roots"));
  int fd = open("tool", O_WRONLY);
  TRUE(fd >= 0 && write(fd, "y", 1) == 1);
}

static void owners(void) {
  umask(0);
  TRUE(mkdir("own", 0755) == 0 && chown("own", USER, GROUP) == 0);
  close(make("closed", "secret"));
  TRUE(chmod("closed", 0600) == 0 && mkdir("sticky", 01777) == 0 && chmod("sticky", 01777) == 0);
  close(make("sticky/roots", ""));
  close(make("tool", "x"));
  TRUE(chmod("tool", 06777) == 0 && stat("tool", &status) == 0 && (status.st_mode & 07777) == 06777);
  TRUE(apart(as_owner));
  TRUE(stat("tool", &status) == 0 && (status.st_mode & 07777) == 0777); /* who writes to it loses it its set-ids */
  TRUE(mkdir("group", 0755) == 0 && chown("group", 0, GROUP) == 0 && chmod("group", 02755) == 0);
  close(make("group/made", ""));
  TRUE(stat("group/made", &status) == 0 && status.st_gid == GROUP && mkdir("group/d", 0755) == 0);
  TRUE(stat("group/d", &status) == 0 && status.st_gid == GROUP && (status.st_mode & S_ISGID));
  TRUE(symlink("nowhere", "s") == 0 && lchown("s", USER, GROUP) == 0 && lstat("s", &status) == 0 && status.st_uid == USER);
  TRUE(mkfifo("fifo", 0622) == 0 && stat("fifo", &status) == 0 && S_ISFIFO(status.st_mode));
}

static void holes(void) {
  int fd = make("a", "");
  TRUE(pwrite(fd, "end", 3, 1 << 20) == 3 && fstat(fd, &status) == 0 && status.st_size == (1 << 20) + 3);
  TRUE(lseek(fd, 0, SEEK_DATA) >= 0 && lseek(fd, 1 << 20, SEEK_HOLE) == (1 << 20) + 3);
  char text[4] = "x";
  TRUE(pread(fd, text, 1, 4000) == 1 && text[0] == 0);
  int more = open("a", O_WRONLY | O_APPEND);
  TRUE(write(more, "!", 1) == 1 && pread(fd, text, 4, 1 << 20) == 4 && !memcmp(text, "end!", 4));
  TRUE(posix_fallocate(fd, 0, 2 << 20) == 0 && fstat(fd, &status) == 0 && status.st_size == 2 << 20);
  struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 5}, {.tv_sec = 2000, .tv_nsec = 7}};
  TRUE(futimens(fd, times) == 0 && fstat(fd, &status) == 0 && status.st_mtim.tv_sec == 2000 && status.st_mtim.tv_nsec == 7);
}

static const struct { const char *name; void (*act)(void); } points[] = {
    {"links", links},     {"attributes", attributes}, {"locks", locks}, {"maps", maps},
    {"renames", renames}, {"owners", owners},         {"holes", holes}};

int main(int count, char **words) {
  if (count != 2) return 2;
  for (unsigned i = 0; i < sizeof points / sizeof *points; i++) {
    wrong = 0;
    if (chdir(words[1]) || mkdir(points[i].name, 0755) || chdir(points[i].name)) {
      perror(words[1]);
      return 1;
    }
    points[i].act();
    printf("%s %s\n", wrong ? "not" : "ok", points[i].name);
  }
  return 0;
}
