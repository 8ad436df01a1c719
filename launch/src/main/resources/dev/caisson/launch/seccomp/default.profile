# Copyright the Caisson authors.
# SPDX-License-Identifier: Apache-2.0
#
# What a container may ask of the kernel unless told otherwise: these calls and no others. Everything else the
# kernel has answers EPERM, and calls newer than our table answer ENOSYS, so that programs fall back.
#
# [group] who needs it                 calls allowed to everyone
# [CAP_NAME] what for                  calls allowed with that capability only
#
# Calls decided by an argument (clone, personality, socket) stand in DefaultProfile.java.

[memory] every program: allocators, loaders, garbage collectors
brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap
mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect
process_mrelease remap_file_pages

[files] every program: opening, reading and writing what the mount namespace shows
_llseek access cachestat close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
fadvise64 fadvise64_64 fallocate fcntl fcntl64 fdatasync flock fstat fstat64 fstatat64 fstatfs
fstatfs64 fsync ftruncate ftruncate64 ioctl lseek lstat lstat64 name_to_handle_at newfstatat open
openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat
readv sendfile sendfile64 splice stat stat64 statfs statfs64 statx sync sync_file_range syncfs tee
truncate truncate64 umask vmsplice write writev

[directories and names] file managers, package tools, shells
chdir fchdir getcwd getdents getdents64 link linkat mkdir mkdirat mknod mknodat readdir rename
renameat renameat2 rmdir symlink symlinkat unlink unlinkat

[owners, modes and attributes] package tools and archivers; the kernel still checks capabilities
chmod chown chown32 fchmod fchmodat fchmodat2 fchown fchown32 fchownat fgetxattr flistxattr
fremovexattr fsetxattr futimesat getxattr getxattrat lchown lchown32 lgetxattr listxattr listxattrat
llistxattr lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat utime utimensat
utimensat_time64 utimes

[watching files] build tools, editors, web servers that reload
fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch

[waiting for events] servers: poll loops, timers and counters as descriptors
_newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
epoll_wait_old eventfd eventfd2 poll ppoll ppoll_time64 pselect6 pselect6_time64 select signalfd
signalfd4 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64

[asynchronous files] databases; io_uring is left out, for it went around filters and had many holes
io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit

[network] everything that talks; which families, the socket rule below decides
accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg
recvmmsg_time64 recvmsg send sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair

[pipes and message queues] shells, and programs with System V or POSIX queues in their own IPC namespace
ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend
mq_timedsend_time64 mq_unlink msgctl msgget msgrcv msgsnd pipe pipe2 semctl semget semop semtimedop
semtimedop_time64 shmat shmctl shmdt shmget

[processes] shells and servers that start others; new namespaces are the clone rule's to refuse
execve execveat exit exit_group fork getpgid getpgrp getpid getppid getsid gettid kill pidfd_open
pidfd_send_signal setpgid setsid tgkill tkill vfork wait4 waitid waitpid

[threads] every language runtime
arch_prctl futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list
get_thread_area modify_ldt rseq set_robust_list set_thread_area set_tid_address

[signals] every program
alarm pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sigaction sigaltstack signal
sigpending sigprocmask sigreturn sigsuspend

[time] every program; setting clocks needs a capability, reading them does not
adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime
clock_gettime64 clock_nanosleep clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer
time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
timer_settime64 times

[identity] sudo-like tools and servers that drop root; the kernel checks capabilities
capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid
getresgid32 getresuid getresuid32 getuid getuid32 setfsgid setfsgid32 setfsuid setfsuid32 setgid
setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32
setreuid setreuid32 setuid setuid32

[scheduling] databases and media programs; real-time classes need a capability
getcpu getpriority ioprio_get ioprio_set sched_get_priority_max sched_get_priority_min
sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler
sched_yield setpriority

[limits and usage] service managers and language runtimes
getrlimit getrusage prlimit64 setrlimit sysinfo ugetrlimit

[system facts] every program that asks what it runs on
getrandom uname

[walls of the program's own] browsers and servers that confine themselves further
landlock_add_rule landlock_create_ruleset landlock_restrict_self prctl seccomp

[debugging one's own processes] debuggers and crash reporters; safe since Linux 4.8, when seccomp came after ptrace
process_vm_readv process_vm_writev ptrace

[CAP_SYS_ADMIN] mounting, namespaces and host-wide subsystems
bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick listmount lookup_dcookie mount
mount_setattr move_mount open_tree open_tree_attr perf_event_open quotactl quotactl_fd setdomainname
sethostname setns statmount syslog umount umount2 unshare

[CAP_SYS_CHROOT] changing the root directory
chroot

[CAP_SYS_BOOT] restarting what the PID namespace covers
reboot

[CAP_SYS_MODULE] loading kernel modules
delete_module finit_module init_module

[CAP_SYS_PACCT] process accounting
acct

[CAP_SYS_PTRACE] looking into other processes
kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace

[CAP_SYS_RAWIO] input and output ports
ioperm iopl

[CAP_SYS_TIME] setting clocks
clock_settime clock_settime64 settimeofday stime

[CAP_SYS_TTY_CONFIG] hanging up terminals
vhangup

[CAP_SYS_NICE] memory policy across nodes
get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node

[CAP_DAC_READ_SEARCH] opening files by handle
open_by_handle_at

[CAP_SYSLOG] the kernel's log
syslog

[CAP_BPF] loading programs into the kernel
bpf

[CAP_PERFMON] performance counters
perf_event_open
