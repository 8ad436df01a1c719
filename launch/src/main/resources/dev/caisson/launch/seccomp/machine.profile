# Copyright the Caisson authors.
# SPDX-License-Identifier: Apache-2.0
#
# What a process that runs one virtual machine may ask of the kernel. It is a Java runtime whose files are open or shown
# to it read-only, and it is handed everything else by a socket: no socket, process or device is for it to open. What is not
# listed answers EPERM. ioctl, clone, clone3 and prctl are decided by their arguments, in MachineProfile.java.
#
# [group] who needs it                 calls allowed

[memory] the runtime's heap and code; a guest's memory and the pages of its processors
brk madvise membarrier memfd_create mmap mprotect mremap munmap

[starting] the C library and the runtime as they begin; the runtime is executed behind the filter
arch_prctl execve getegid geteuid getgid getpid getppid getrlimit getuid prlimit64 set_robust_list set_tid_address
sysinfo uname

[files] jars, libraries and kernels, read; the console and the size of a guest's memory, written
access close fcntl fstat ftruncate getcwd getdents64 lseek lstat newfstatat open openat openat2 pread64 read readlink
readlinkat stat statx write

[threads] of the runtime, of processors and of queues
exit exit_group futex get_robust_list gettid rseq sched_getaffinity sched_yield tgkill

[signals] safepoints, and kicks that bring a processor's thread back
restart_syscall rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack

[time] clocks where the kernel maps no fast way to them; sleeping threads
clock_getres clock_gettime clock_nanosleep gettimeofday nanosleep

[entropy] seeds of hash tables
getrandom

[events] doorbells, interrupts, and connections that are waited for
epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd2 poll ppoll

[connections] orders, control port, back ends and taps that it was handed
dup dup2 dup3 getsockopt preadv pwritev readv recvmsg sendmsg setsockopt shutdown writev
