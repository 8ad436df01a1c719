/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 *
 * The caisson command as people call it. It hands its arguments, environment, directory and descriptors 0 to 2 to
 * the engine, passes signals, terminal size and input on, and leaves with the exit code it is told. It starts the
 * engine if none runs. Everything else is the engine's.
 *
 * Input is read here and sent as the engine asks for it, so that a command that reads nothing leaves the caller's
 * input alone. Output is written by the engine itself, to the descriptors it was given.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "protocol.h"

extern char **environ;

enum { ENGINE_ERROR = 125, START_SECONDS = 300, ATTEMPTS = 40, PIECE = 32 << 10, LONGEST_PAUSE = 20000000 };

static struct termios cooked;
static int is_raw;

static void cook(void)
{
	if (is_raw)
		tcsetattr(0, TCSADRAIN, &cooked);
	is_raw = 0;
}

static void raw(void)
{
	struct termios changed;

	if (is_raw || tcgetattr(0, &cooked) != 0)
		return;
	changed = cooked;
	cfmakeraw(&changed);
	changed.c_oflag |= OPOST; /* the container's own terminal has done the rest */
	is_raw = tcsetattr(0, TCSADRAIN, &changed) == 0;
}

static _Noreturn void fail(const char *what, const char *subject, const char *remedy)
{
	cook();
	dprintf(2, "caisson: %s %s: %s\n", what, subject, strerror(errno));
	if (remedy)
		dprintf(2, "  try: %s\n", remedy);
	exit(ENGINE_ERROR);
}

/* ---- where the engine is ---- */

static char root_place[PATH_MAX], run_place[PATH_MAX], socket_path[PATH_MAX];

static void place(char *to, const char *option, const char *variable, const char *system, const char *home_variable,
		  const char *home_fallback)
{
	const char *said = option ? option : getenv(variable);
	const char *base = getenv(home_variable);
	const char *home = getenv("HOME");

	if (said)
		snprintf(to, PATH_MAX, "%s", said);
	else if (geteuid() == 0)
		snprintf(to, PATH_MAX, "%s", system);
	else if (base)
		snprintf(to, PATH_MAX, "%s/caisson", base);
	else
		snprintf(to, PATH_MAX, "%s%s", home ? home : "", home_fallback);
}

static const char *place_option(int argc, char **argv, const char *name)
{
	size_t length = strlen(name);

	for (int i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strncmp(argv[i], name, length) == 0 && argv[i][length] == '=')
			return argv[i] + length + 1;
		if (strcmp(argv[i], "--root") == 0 || strcmp(argv[i], "--run") == 0) {
			if (strcmp(argv[i], name) == 0 && i + 1 < argc)
				return argv[i + 1];
			i++;
		}
	}
	return NULL;
}

static void find_places(int argc, char **argv)
{
	place(root_place, place_option(argc, argv, "--root"), "CAISSON_ROOT", "/var/lib/caisson", "XDG_DATA_HOME",
	      "/.local/share/caisson");
	place(run_place, place_option(argc, argv, "--run"), "CAISSON_RUN", "/run/caisson", "XDG_RUNTIME_DIR",
	      "/.local/share/caisson/run");
	if ((size_t)snprintf(socket_path, sizeof socket_path, "%s/caisson.sock", run_place) >=
	    sizeof((struct sockaddr_un *)0)->sun_path) {
		errno = ENAMETOOLONG;
		fail("cannot use", socket_path, "choose a shorter --run directory");
	}
}

static int try_connect(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("cannot make", "a socket", NULL);
	memcpy(address.sun_path, socket_path, strnlen(socket_path, sizeof address.sun_path - 1));
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (errno != ENOENT && errno != ECONNREFUSED)
		fail("cannot reach the engine at", socket_path, "become a member of the socket's group, or root");
	close(fd);
	return -1;
}

/* ---- starting an engine ---- */

/* The launcher lies beside us: bin/caisson, lib/caisson/launch. */
static void launcher_path(char *to)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;

	if (length < 0)
		fail("cannot read", "/proc/self/exe", NULL);
	self[length] = 0;
	for (int up = 0; up < 2; up++)
		if ((slash = strrchr(self, '/')))
			*slash = 0;
	if (snprintf(to, PATH_MAX, "%s/lib/caisson/launch", self) >= PATH_MAX)
		fail("cannot find", "the launcher", NULL);
}

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = 0;
		mkdir(path, slash ? 0755 : 0711);
		if (!slash)
			return;
		*slash = '/';
	}
}

/*
 * Somebody waits for the engine, which takes a second of one processor to come up; its share of a busy machine would make
 * that ten and more. The engine takes an ordinary share again once it listens. sched(7): autogroups are sessions
 */
static void hurry(void)
{
	int fd = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "-10", 3) == 3) /* only root may */
		setenv("CAISSON_HURRIED", "yes", 1);
	close(fd);
}

static pid_t spawn_engine(const char *log)
{
	char launcher[PATH_MAX];
	int null, out;
	sigset_t none;
	pid_t child;

	launcher_path(launcher);
	child = fork();
	if (child != 0)
		return child;
	setsid();
	hurry();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(null, 0);
	dup2(out < 0 ? null : out, 1);
	dup2(out < 0 ? null : out, 2);
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	if (chdir("/") != 0)
		_exit(ENGINE_ERROR);
	execl(launcher, launcher, "engine", "--root", root_place, "--run", run_place, (char *)NULL);
	dprintf(2, "caisson: cannot run %s: %s\n", launcher, strerror(errno));
	_exit(ENGINE_ERROR);
}

/* One that lives may be slow: a busy machine, thousands of containers to take over. */
static _Noreturn void show_log(const char *log, int lives)
{
	char text[4096];
	int fd = open(log, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text);

	if (length > 0 && write(2, text, (size_t)length) < 0)
		exit(ENGINE_ERROR);
	if (lives)
		dprintf(2, "caisson: the engine has not come up within %d s; its log is %s\n  try: the command again in a while\n",
			START_SECONDS, log);
	else
		dprintf(2, "caisson: the engine did not start; its log is %s\n  try: caisson engine, to see why\n", log);
	exit(ENGINE_ERROR);
}

static int start_engine(void)
{
	char lock_path[PATH_MAX + 16], log[PATH_MAX + 16];
	struct timespec pause = {.tv_nsec = 2000000};
	time_t deadline;
	int lock, fd;
	pid_t engine;

	make_directories(run_place);
	snprintf(lock_path, sizeof lock_path, "%s/start.lock", run_place);
	snprintf(log, sizeof log, "%s/engine.log", run_place);
	lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	/* Of several callers one starts it, the others find it started. */
	if (lock < 0 || flock(lock, LOCK_EX) != 0)
		fail("cannot lock", lock_path, "choose a --run directory of your own");
	fd = try_connect();
	if (fd >= 0)
		return fd;
	engine = spawn_engine(log);
	if (engine < 0)
		fail("cannot start", "the engine", NULL);
	deadline = time(NULL) + START_SECONDS;
	while ((fd = try_connect()) < 0) {
		int ended = waitpid(engine, NULL, WNOHANG) == engine;

		if (ended || time(NULL) > deadline)
			show_log(log, !ended);
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < LONGEST_PAUSE)
			pause.tv_nsec += pause.tv_nsec / 50; /* whoever asks often keeps a busy machine from answering */
	}
	close(lock);
	return fd;
}

/* ---- talking to it ---- */

static void write_all(int fd, const void *bytes, size_t length)
{
	const char *at = bytes;

	while (length > 0) {
		ssize_t count = send(fd, at, length, MSG_NOSIGNAL);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return; /* the engine is gone; reading from it tells */
		at += count;
		length -= (size_t)count;
	}
}

static void put32(unsigned char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(value >> (8 * i));
}

static void say(int fd, char kind, const void *body, uint32_t length)
{
	unsigned char header[HEADER] = {(unsigned char)kind};

	put32(header + 1, length);
	write_all(fd, header, sizeof header);
	write_all(fd, body, length);
}

static struct winsize window(void)
{
	struct winsize size = {0};

	for (int fd = 0; fd <= 2; fd++)
		if (ioctl(fd, TIOCGWINSZ, &size) == 0)
			break;
	return size;
}

static size_t append(unsigned char *to, size_t at, const char *text)
{
	size_t length = strlen(text) + 1;

	if (to)
		memcpy(to + at, text, length);
	return at + length;
}

/* Lays the request out; with to == NULL only measures it. */
static size_t lay_out(unsigned char *to, int argc, char **argv, const char *directory)
{
	struct winsize size = window();
	uint32_t variables = 0;
	size_t at = 14;

	for (char **entry = environ; *entry; entry++)
		variables++;
	if (to) {
		to[0] = VERSION;
		to[1] = (unsigned char)(isatty(0) | isatty(1) << 1 | isatty(2) << 2);
		to[2] = (unsigned char)size.ws_row;
		to[3] = (unsigned char)(size.ws_row >> 8);
		to[4] = (unsigned char)size.ws_col;
		to[5] = (unsigned char)(size.ws_col >> 8);
		put32(to + 6, (uint32_t)argc - 1);
		put32(to + 10, variables);
	}
	for (int i = 1; i < argc; i++)
		at = append(to, at, argv[i]);
	for (char **entry = environ; *entry; entry++)
		at = append(to, at, *entry);
	return append(to, at, directory);
}

static int send_request(int fd, int argc, char **argv)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(3 * sizeof(int))];
	} control = {0};
	static char directory[PATH_MAX];
	struct iovec part;
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	int files[3] = {0, 1, 2};
	unsigned char *frame;
	size_t length;
	ssize_t sent;

	if (!getcwd(directory, sizeof directory))
		strcpy(directory, "/");
	length = lay_out(NULL, argc, argv, directory);
	frame = malloc(HEADER + length);
	if (!frame)
		fail("cannot send", "the request", NULL);
	frame[0] = REQUEST;
	put32(frame + 1, (uint32_t)length);
	lay_out(frame + HEADER, argc, argv, directory);
	control.header.cmsg_len = CMSG_LEN(sizeof files);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(&control.header), files, sizeof files);
	part.iov_base = frame;
	part.iov_len = HEADER + length;
	sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	if (sent >= 0)
		write_all(fd, frame + sent, HEADER + length - (size_t)sent);
	free(frame);
	return sent >= 0;
}

/* ---- hearing it ---- */

static uint32_t credit;
static int input_ended, accepted;

/* False at the end. An engine's frames are short, so reading one blocks for no time worth speaking of. */
static int read_exactly(int fd, void *to, size_t length)
{
	char *at = to;

	while (length > 0) {
		ssize_t count = read(fd, at, length);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return 0;
		at += count;
		length -= (size_t)count;
	}
	return 1;
}

/* False when the engine is gone. */
static int hear(int fd)
{
	unsigned char frame[HEADER], body[4] = {0};
	uint32_t length;

	if (!read_exactly(fd, frame, sizeof frame))
		return 0;
	length = frame[1] | (uint32_t)frame[2] << 8 | (uint32_t)frame[3] << 16 | (uint32_t)frame[4] << 24;
	if (length > sizeof body) {
		errno = EPROTO;
		fail("cannot understand the engine at", socket_path, "reinstall Caisson");
	}
	if (!read_exactly(fd, body, length))
		return 0;
	switch (frame[0]) {
	case ACCEPTED:
		accepted = 1;
		break;
	case CREDIT:
		credit += body[0] | (uint32_t)body[1] << 8 | (uint32_t)body[2] << 16 | (uint32_t)body[3] << 24;
		break;
	case RAW:
		raw();
		break;
	case COOKED:
		cook();
		break;
	case EXIT:
		cook();
		exit(body[0]);
	default:
		break;
	}
	return 1;
}

static void pass_input(int fd)
{
	static char piece[PIECE];
	ssize_t count = read(0, piece, credit < PIECE ? credit : PIECE);

	if (count < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (count <= 0) {
		input_ended = 1;
		say(fd, INPUT_END, NULL, 0);
		return;
	}
	credit -= (uint32_t)count;
	say(fd, INPUT, piece, (uint32_t)count);
}

static void pass_signal(int fd, int signals)
{
	struct signalfd_siginfo info;
	unsigned char body[8];

	if (read(signals, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGWINCH) {
		struct winsize size = window();

		put32(body, size.ws_row);
		put32(body + 4, size.ws_col);
		say(fd, SIZE, body, 8);
		return;
	}
	put32(body, info.ssi_signo);
	say(fd, SIGNAL, body, 4);
}

static int watch_signals(void)
{
	static const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGWINCH};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
		sigaddset(&set, passed[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Comes back only if the engine went away before it took the request on. */
static void converse(int fd, int signals)
{
	struct pollfd on[3] = {{.fd = fd, .events = POLLIN}, {.fd = signals, .events = POLLIN}, {.events = POLLIN}};

	for (;;) {
		on[2].fd = credit > 0 && !input_ended ? 0 : -1;
		if (poll(on, 3, -1) < 0) {
			if (errno == EINTR)
				continue;
			fail("cannot wait for", "the engine", NULL);
		}
		if (on[1].revents)
			pass_signal(fd, on[1].fd);
		if (on[0].revents) {
			if (hear(fd))
				continue;
			cook();
			if (!accepted)
				return;
			dprintf(2, "caisson: the engine went away\n  try: caisson ps; what ran goes on\n");
			exit(ENGINE_ERROR);
		}
		if (on[2].fd == 0 && on[2].revents)
			pass_input(fd);
	}
}

/* ---- what needs no engine that listens ---- */

/* Where the command's name stands, behind --root and --run. */
static int command_at(int argc, char **argv)
{
	int i = 1;

	while (i < argc && (strncmp(argv[i], "--root", 6) == 0 || strncmp(argv[i], "--run", 5) == 0))
		i += strchr(argv[i], '=') ? 1 : 2;
	return i;
}

static int says(int argc, char **argv, int at, const char *word)
{
	return at < argc && strcmp(argv[at], word) == 0;
}

/* The kernel says who listens at the socket; its end frees the state for another engine. unix(7), SO_PEERCRED */
static _Noreturn void stop_engine(void)
{
	struct ucred listener;
	socklen_t length = sizeof listener;
	int fd = try_connect(), process;

	if (fd < 0) {
		dprintf(2, "caisson: no engine listens at %s\n", socket_path);
		exit(0);
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &length) != 0)
		fail("cannot tell who listens at", socket_path, NULL);
	process = (int)syscall(SYS_pidfd_open, listener.pid, 0);
	if (process < 0 || syscall(SYS_pidfd_send_signal, process, SIGTERM, NULL, 0) != 0)
		fail("cannot end the engine at", socket_path, "do it as the user it runs as, or as root");
	while (poll(&(struct pollfd){.fd = process, .events = POLLIN}, 1, -1) < 0)
		if (errno != EINTR)
			fail("cannot wait for", "the engine", NULL);
	exit(0);
}

static _Noreturn void run_directly(char **argv)
{
	static char launcher[PATH_MAX];

	launcher_path(launcher);
	argv[0] = launcher;
	execv(launcher, argv);
	fail("cannot run", launcher, "./dev install");
}

/*
 * Disk commands need no engine: one that runs is used, as its JVM is warm, and none is started. A command with a key runs
 * by itself in any case: its descriptors are the caller's, and passphrases are no business of the engine's.
 */
static int needs_no_engine(int argc, char **argv)
{
	static const char *const secret[] = {"--key-", "--new-key-", "--encrypt", "secret,", "--object=secret,"};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, none;

	for (int i = 0; i < argc; i++)
		for (size_t k = 0; k < sizeof secret / sizeof secret[0]; k++)
			if (strncmp(argv[i], secret[k], strlen(secret[k])) == 0)
				return 1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, socket_path, strnlen(socket_path, sizeof address.sun_path - 1));
	none = fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0;
	close(fd); /* the conversation opens its own */
	return none;
}

int main(int argc, char **argv)
{
	int fd, signals, at;

	/* A closed descriptor would be taken by our socket. */
	while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= 2)
		;
	close(fd);
	find_places(argc, argv);
	at = command_at(argc, argv);
	if (says(argc, argv, at, "engine") && says(argc, argv, at + 1, "stop"))
		stop_engine();
	/* What must be the caller's own child: the engine in the foreground, the OCI runtime, and devices that are lent. */
	if (says(argc, argv, at, "engine") || says(argc, argv, at, "oci"))
		run_directly(argv);
	if (says(argc, argv, at, "device") || (says(argc, argv, at, "disk") && needs_no_engine(argc - at, argv + at)))
		run_directly(argv + at - 1);
	signals = watch_signals();
	/* A killed engine's socket takes connections until the kernel has buried it; such a one accepts nothing. */
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		fd = try_connect();
		if (fd < 0)
			fd = start_engine();
		if (send_request(fd, argc, argv))
			converse(fd, signals);
		close(fd);
		nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	}
	errno = ECONNRESET;
	fail("cannot talk to the engine at", socket_path, "caisson engine, to see why");
}
