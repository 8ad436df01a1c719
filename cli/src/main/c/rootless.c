/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Runs a program, in practice the engine, as root of a user namespace that an ordinary user may have. usage:
 *
 *   rootless PROGRAM ARGUMENT...
 *
 * One namespace serves all engines of a run directory, one after the other, because only from inside it can an engine
 * reach the containers an earlier one left running. A small process holds it; it leaves when nobody else is inside.
 *
 *   user namespace   ids from /etc/subuid by newuidmap(1), else the user's own id alone as root. user_namespaces(7)
 *   mount namespace  of its own; later mounts of the host are seen
 *   network          of its own, with slirp4netns(1) as the way out, if that is installed and may open /dev/net/tun; else the
 *                    host's
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 125, RANGES = 8, IDLE_SECONDS = 5 };

static char run_place[PATH_MAX];

static _Noreturn void fail(const char *what, const char *remedy)
{
	dprintf(2, "caisson: %s: %s\n", what, strerror(errno));
	if (remedy)
		dprintf(2, "  try: %s\n", remedy);
	_exit(FAILED);
}

static void in_place(char *to, const char *name)
{
	if (snprintf(to, PATH_MAX, "%s/%s", run_place, name) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		fail(run_place, "a shorter --run directory");
	}
}

/* ---- where ---- */

/* The same rule as the caisson command and EngineOptions have. Inside, the user looks like root, so it is told. */
static void settle(const char *variable, const char *home_variable, const char *below_home)
{
	const char *base = getenv(home_variable), *home = getenv("HOME");
	char path[PATH_MAX];

	if (getenv(variable))
		return;
	if (base)
		snprintf(path, sizeof path, "%s/caisson", base);
	else
		snprintf(path, sizeof path, "%s%s", home ? home : "", below_home);
	setenv(variable, path, 1);
}

static void find_place(char **argv)
{
	const char *said;

	settle("CAISSON_ROOT", "XDG_DATA_HOME", "/.local/share/caisson");
	settle("CAISSON_RUN", "XDG_RUNTIME_DIR", "/.local/share/caisson/run");
	said = getenv("CAISSON_RUN");
	for (int i = 1; argv[i]; i++) {
		if (strncmp(argv[i], "--run=", 6) == 0)
			said = argv[i] + 6;
		else if (strcmp(argv[i], "--run") == 0 && argv[i + 1])
			said = argv[i + 1];
	}
	snprintf(run_place, sizeof run_place, "%s", said);
	for (char *slash = strchr(run_place + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(run_place, 0755);
		*slash = '/';
	}
	if (mkdir(run_place, 0711) != 0 && errno != EEXIST)
		fail(run_place, "a --run directory of your own");
}

static int find_program(char *to, const char *name)
{
	static const char *places[] = {"/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"};

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		snprintf(to, PATH_MAX, "%s/%s", places[i], name);
		if (access(to, X_OK) == 0)
			return 1;
	}
	return 0;
}

/* ---- ids ---- */

struct ranges {
	int count;
	unsigned long first[RANGES], size[RANGES];
};

/* What an administrator granted this user, by name or number. subuid(5) */
static struct ranges granted(const char *file)
{
	struct passwd *user = getpwuid(getuid());
	struct ranges found = {0};
	char line[256], owner[128], number[16];
	FILE *lines = fopen(file, "re");

	snprintf(number, sizeof number, "%u", getuid());
	while (lines && found.count < RANGES && fgets(line, sizeof line, lines)) {
		unsigned long first, size;

		if (sscanf(line, "%127[^:]:%lu:%lu", owner, &first, &size) != 3 || size == 0)
			continue;
		if (strcmp(owner, number) != 0 && !(user && strcmp(owner, user->pw_name) == 0))
			continue;
		found.first[found.count] = first;
		found.size[found.count++] = size;
	}
	if (lines)
		fclose(lines);
	return found;
}

static int run(char *const argv[])
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0)
		return 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Root is the user; 1 and up are the ranges in their order. */
static int map_by_tool(char *tool, pid_t holder, unsigned own, const struct ranges *ranges)
{
	static char words[3 + 3 * RANGES + 3][24];
	char *argv[3 + 3 * RANGES + 3] = {tool};
	unsigned long inside = 1;
	int at = 1;

	snprintf(words[at], sizeof words[at], "%d", holder);
	at++;
	snprintf(words[at++], sizeof words[0], "0");
	snprintf(words[at++], sizeof words[0], "%u", own);
	snprintf(words[at++], sizeof words[0], "1");
	for (int i = 0; i < ranges->count; i++) {
		snprintf(words[at++], sizeof words[0], "%lu", inside);
		snprintf(words[at++], sizeof words[0], "%lu", ranges->first[i]);
		snprintf(words[at++], sizeof words[0], "%lu", ranges->size[i]);
		inside += ranges->size[i];
	}
	for (int i = 1; i < at; i++)
		argv[i] = words[i];
	return run(argv);
}

static void write_file(pid_t holder, const char *name, const char *text)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%s", holder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path, "a kernel that lets ordinary users map their own id");
	close(fd);
}

static void map_ids(pid_t holder)
{
	struct ranges users = granted("/etc/subuid"), groups = granted("/etc/subgid");
	char user_tool[PATH_MAX], group_tool[PATH_MAX], line[64];

	if (users.count > 0 && groups.count > 0 && find_program(user_tool, "newuidmap") &&
	    find_program(group_tool, "newgidmap")) {
		if (map_by_tool(user_tool, holder, getuid(), &users) &&
		    map_by_tool(group_tool, holder, getgid(), &groups))
			return;
		errno = EPERM;
		fail("newuidmap refused the ranges of /etc/subuid", "entries of one size in /etc/subuid and /etc/subgid");
	}
	dprintf(2, "caisson: one user id only: all files of images will belong to you, and no other user can run\n"
		   "  try: apt install uidmap, then usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s\n",
		getpwuid(getuid()) ? getpwuid(getuid())->pw_name : "USER");
	snprintf(line, sizeof line, "0 %u 1\n", getuid());
	write_file(holder, "uid_map", line);
	write_file(holder, "setgroups", "deny"); /* without which no group may be mapped */
	snprintf(line, sizeof line, "0 %u 1\n", getgid());
	write_file(holder, "gid_map", line);
}

/* ---- the holder ---- */

static int is_alone(void)
{
	char own[64], path[64], other[64];
	ssize_t length = readlink("/proc/self/ns/user", own, sizeof own - 1);
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int alone = 1;

	if (length < 0 || !processes)
		return 0;
	own[length] = 0;
	while (alone && (entry = readdir(processes))) {
		int pid = atoi(entry->d_name);

		if (pid <= 0 || pid == getpid())
			continue;
		snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
		length = readlink(path, other, sizeof other - 1);
		if (length > 0) {
			other[length] = 0;
			alone = strcmp(own, other) != 0;
		}
	}
	closedir(processes);
	return alone;
}

/* Leaves only under the lock, so that nobody is about to come in. */
static _Noreturn void hold(void)
{
	char lock_path[PATH_MAX], record[PATH_MAX];
	int idle = 0;

	in_place(lock_path, "rootless.lock");
	in_place(record, "rootless");
	for (;;) {
		int lock;

		sleep(IDLE_SECONDS);
		idle = is_alone() ? idle + 1 : 0;
		if (idle < 2)
			continue;
		lock = open(lock_path, O_RDWR | O_CLOEXEC);
		if (lock < 0)
			_exit(0); /* the run directory was removed */
		if (flock(lock, LOCK_EX | LOCK_NB) == 0 && is_alone()) {
			unlink(record);
			_exit(0);
		}
		close(lock);
	}
}

static void raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		fail("loopback interface", NULL);
	close(fd);
}

/* slirp4netns answers names itself; the host's server may be on a loopback address that is not ours. */
static void name_server(void)
{
	static const char text[] = "nameserver 10.0.2.3\n";
	char path[PATH_MAX];
	int fd;

	in_place(path, "resolv.conf");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, sizeof text - 1) < 0)
		fail(path, NULL);
	close(fd);
	if (mount(path, "/etc/resolv.conf", NULL, MS_BIND, NULL) != 0 && errno != ENOENT)
		fail("mount /etc/resolv.conf", NULL);
}

/* ready: tells the parent how far it is; go: waits for it; alive: slirp4netns ends when this one's end closes. */
static _Noreturn void become_holder(int ready, int go, int alive, int own_network)
{
	char byte = 'u';
	int null;

	setsid();
	prctl(PR_SET_NAME, "caisson-userns");
	if (unshare(CLONE_NEWUSER) != 0)
		fail("a user namespace was refused", "sysctl -w user.max_user_namespaces=15000, and"
						     " kernel.unprivileged_userns_clone=1 or"
						     " kernel.apparmor_restrict_unprivileged_userns=0 where they exist");
	if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1)
		_exit(FAILED);
	if (unshare(CLONE_NEWNS | (own_network ? CLONE_NEWNET : 0)) != 0)
		fail("namespaces were refused", "raise the limits in /proc/sys/user");
	if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
		fail("mount propagation", NULL);
	if (own_network) {
		raise_loopback();
		name_server();
	}
	if (chdir("/") != 0 || write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1)
		_exit(FAILED);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	for (int fd = 3; fd < 256; fd++)
		if (fd != alive)
			close(fd);
	signal(SIGCHLD, SIG_IGN);
	hold();
}

static void start_slirp(char *program, pid_t holder, int exit_fd)
{
	char pid[16], ready_word[32], exit_word[32], socket_path[PATH_MAX + 16], byte;
	int ready[2];

	snprintf(socket_path, sizeof socket_path, "%s/slirp.sock", run_place);
	unlink(socket_path);
	if (pipe(ready) != 0)
		fail("pipe", NULL);
	snprintf(pid, sizeof pid, "%d", holder);
	snprintf(ready_word, sizeof ready_word, "--ready-fd=%d", ready[1]);
	snprintf(exit_word, sizeof exit_word, "--exit-fd=%d", exit_fd);
	switch (fork()) {
	case -1:
		fail("fork", NULL);
	case 0: {
		int null = open("/dev/null", O_RDWR);

		/* In a session of its own, so that a terminal's signals pass it by; its parent becomes init. */
		setsid();
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		for (int fd = 3; fd < 256; fd++)
			if (fd != ready[1] && fd != exit_fd)
				close(fd);
		execl(program, program, "--configure", "--mtu=65520", "--disable-host-loopback", "--api-socket",
		      socket_path, ready_word, exit_word, pid, "tap0", (char *)NULL);
		_exit(127);
	}
	default:
		break;
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		fail("slirp4netns did not start", "slirp4netns --configure PID tap0, to see why; or remove it");
	close(ready[0]);
}

/* ---- the record: pid, start time, network ---- */

static unsigned long long start_time(int pid)
{
	char path[64], text[1024], *at;
	unsigned long long start = 0;
	ssize_t length;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	length = read(fd, text, sizeof text - 1);
	close(fd);
	text[length > 0 ? length : 0] = 0;
	at = strrchr(text, ')');
	/* Field 22, counted from the state, which is field 3. proc_pid_stat(5) */
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &start) != 1)
		return 0;
	return start;
}

static int recorded(pid_t *holder)
{
	char path[PATH_MAX], text[64] = "";
	unsigned long long start;
	int fd;

	in_place(path, "rootless");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof text - 1) <= 0)
		text[0] = 0;
	close(fd);
	return sscanf(text, "%d %llu", holder, &start) == 2 && start != 0 && start_time(*holder) == start;
}

static void record(pid_t holder)
{
	char path[PATH_MAX], text[64];
	int fd, length = snprintf(text, sizeof text, "%d %llu\n", holder, start_time(holder));

	in_place(path, "rootless");
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, text, (size_t)length) != length)
		fail(path, "a --run directory of your own");
	close(fd);
}

static pid_t make_holder(void)
{
	char slirp[PATH_MAX], byte = 'g';
	int own_network = find_program(slirp, "slirp4netns") && access("/dev/net/tun", R_OK | W_OK) == 0;
	int ready[2], go[2], alive[2];
	pid_t holder;

	if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0 || pipe(alive) != 0)
		fail("pipe", NULL);
	holder = fork();
	if (holder < 0)
		fail("fork", NULL);
	if (holder == 0) {
		close(ready[0]);
		close(go[1]);
		close(alive[0]);
		become_holder(ready[1], go[0], alive[1], own_network);
	}
	close(ready[1]);
	close(go[0]);
	close(alive[1]);
	if (read(ready[0], &byte, 1) != 1)
		_exit(FAILED); /* the child has said why */
	map_ids(holder);
	if (write(go[1], &byte, 1) != 1 || read(ready[0], &byte, 1) != 1)
		_exit(FAILED);
	if (own_network)
		start_slirp(slirp, holder, alive[0]);
	close(alive[0]);
	record(holder);
	if (write(go[1], &byte, 1) != 1)
		_exit(FAILED);
	close(go[1]);
	close(ready[0]);
	return holder;
}

static void enter(pid_t holder)
{
	static const struct {
		const char *name;
		int kind;
	} namespaces[] = {{"user", CLONE_NEWUSER}, {"net", CLONE_NEWNET}, {"mnt", CLONE_NEWNS}};
	char path[64], own[64], other[64], directory[PATH_MAX];
	int here = getcwd(directory, sizeof directory) != NULL, fds[3];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "/proc/%d/ns/%s", holder, namespaces[i].name);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			fail(path, NULL);
	}
	for (int i = 0; i < 3; i++) {
		char self[64];
		ssize_t mine, theirs;

		snprintf(path, sizeof path, "/proc/%d/ns/%s", holder, namespaces[i].name);
		snprintf(self, sizeof self, "/proc/self/ns/%s", namespaces[i].name);
		mine = readlink(self, own, sizeof own);
		theirs = readlink(path, other, sizeof other);
		if (mine > 0 && mine == theirs && memcmp(own, other, (size_t)mine) == 0)
			continue; /* the host's network, which one may not join but is in already */
		if (setns(fds[i], namespaces[i].kind) != 0)
			fail("cannot enter the user namespace of this run directory", "end what runs in it, or another --run");
	}
	if (!here || chdir(directory) != 0)
		if (chdir("/") != 0)
			_exit(FAILED);
}

int main(int argc, char **argv)
{
	char lock_path[PATH_MAX];
	pid_t holder;
	int lock;

	if (argc < 2) {
		dprintf(2, "usage: rootless PROGRAM ARGUMENT...\n");
		return FAILED;
	}
	find_place(argv);
	in_place(lock_path, "rootless.lock");
	lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) != 0)
		fail(lock_path, "a --run directory of your own");
	if (!recorded(&holder))
		holder = make_holder();
	enter(holder);
	execv(argv[1], argv + 1);
	fail(argv[1], NULL);
}
