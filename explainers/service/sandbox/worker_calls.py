"""The list of system calls that a worker on a CPU may make; all else fails.

An allow-list, for what is not thought of is refused: changing whose a file is, its rights, times or
attributes; signals by way of a descriptor (F_SETOWN, FIOASYNC); other processes' priority, place on
the processors, or memory; System V shared memory; mounts; the kernel's log. Calls that are harmless
only with some arguments are let through with those alone. Where files may be opened is Landlock's
affair, for a filter cannot read a path.

Source: the kernel's Documentation/userspace-api/seccomp_filter.rst, and the man pages, section 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from explainers.service.sandbox.bpf import Calls

_MEMORY_AND_THREADS: Calls = {
    "futex": (202, 98),
    "futex_waitv": (449, 449),
    "mmap": (9, 222),
    "munmap": (11, 215),
    "mprotect": (10, 226),  # the libraries that compute make their loops as they run
    "mremap": (25, 216),
    "madvise": (28, 233),
    "msync": (26, 227),
    "mincore": (27, 232),
    "brk": (12, 214),
    "mbind": (237, 235),
    "get_mempolicy": (239, 236),
    "membarrier": (324, 283),
    "rseq": (334, 293),
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "arch_prctl": (158, None),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "getcpu": (309, 168),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "wait4": (61, 260),
    "waitid": (247, 95),
}
_TIME_AND_SIGNALS: Calls = {
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "gettimeofday": (96, 169),
    "nanosleep": (35, 101),
    "restart_syscall": (219, 128),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132),
    "pause": (34, None),
    "pidfd_send_signal": (424, 424),  # to the runners that it got descriptors of; it opens none
}
_ABOUT_ITSELF: Calls = {
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getpriority": (140, 141),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "times": (100, 153),
    "uname": (63, 160),
    "umask": (95, 166),
    "getrandom": (318, 278),
}
_DESCRIPTORS: Calls = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "close_range": (436, 436),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "preadv": (295, 69),
    "pwritev": (296, 70),
    "preadv2": (327, 286),
    "pwritev2": (328, 287),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "epoll_create": (213, None),
    "epoll_create1": (291, 20),
    "epoll_ctl": (233, 21),
    "epoll_wait": (232, None),
    "epoll_pwait": (281, 22),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "eventfd2": (290, 19),
    "memfd_create": (319, 279),
    "sendfile": (40, 71),
    "copy_file_range": (326, 285),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "ftruncate": (77, 46),
    "fallocate": (285, 47),
    "flock": (73, 32),
    "fadvise64": (221, 223),
    "readahead": (187, 213),
    "getdents64": (217, 61),
    "getdents": (78, None),
    "fstatfs": (138, 44),
}
_FILES: Calls = {
    "open": (2, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "stat": (4, None),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "chdir": (80, 49),
    "fchdir": (81, 50),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
}
_CONNECTIONS: Calls = {
    "connect": (42, 203),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "sendmmsg": (307, 269),
    "recvmmsg": (299, 243),
    "shutdown": (48, 210),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "setsockopt": (54, 208),
    "getsockopt": (55, 209),
}
ALLOWED: Calls = {
    **_MEMORY_AND_THREADS,
    **_DESCRIPTORS,
    **_FILES,
    **_TIME_AND_SIGNALS,
    **_ABOUT_ITSELF,
    **_CONNECTIONS,
}

FCNTL, SET_FLAGS, SIGNAL_WHEN_READY = (72, 25), 4, 0x2000
FCNTL_COMMANDS: Sequence[int] = (
    *(0, 1, 2, 3, 5, 6, 7),  # duplicate, flags, locks; owner and signal (8 to 16) are not here
    *(36, 37, 38),  # locks of open files
    *(1030, 1031, 1032, 1033, 1034),  # duplicate, size of a pipe, seals
)
IOCTL, IOCTL_REQUESTS = (16, 29), (0x541B, 0x5421, 0x5450, 0x5451, 0x5401, 0x5413)
"""How many bytes wait; blocking or not; closed by exec or not; is it a terminal, and how large."""
PRCTL, PRCTL_OPTIONS = (157, 167), (15, 16, 0x53564D41)
"""A thread's name, set and read; a name for a piece of memory."""
SET_AFFINITY = (203, 122)
SOCKETPAIR, PAIRED = (53, 199), (1, 5)
"""Pairs of streams: a pair of datagrams could be sent to any socket that has a path."""
