"""The system calls that code in the sandbox may not make: no sockets, no processes, no new namespaces."""

import errno
import os
from functools import cache

# Code that only computes needs none of these; each has been a way out of a sandbox somewhere.
_DENIED = [
    "socket",
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "fork",
    "vfork",
    "unshare",
    "setns",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsmount",
    "fsconfig",
    "fspick",
    "mount_setattr",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_open",
    "pidfd_getfd",
    "pidfd_send_signal",
    "kcmp",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "add_key",
    "request_key",
    "keyctl",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "open_by_handle_at",
    "name_to_handle_at",
    "fanotify_init",
    "quotactl",
    "swapon",
    "swapoff",
    "reboot",
    "syslog",
    "acct",
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    "iopl",
    "ioperm",
    "modify_ldt",
    "mknod",
    "mknodat",
    "personality",
    "lookup_dcookie",
    "vhangup",
    "nfsservctl",
    "uselib",
    "ustat",
    "sysfs",
    "_sysctl",
    "vmsplice",
    "mbind",
    "migrate_pages",
    "move_pages",
    "set_mempolicy",
    "memfd_secret",
    "shmget",
    "shmat",
    "shmctl",
    "semget",
    "msgget",
    "mq_open",
]
_CLONE_THREAD = 0x00010000


@cache
def program() -> bytes:
    """The filter as the kernel takes it; what is not denied is allowed, within the limits and namespaces."""
    import pyseccomp

    denied = pyseccomp.ERRNO(errno.EPERM)
    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in _DENIED:
        # The library knows the calls of its day and of this machine only.
        if pyseccomp.resolve_syscall(pyseccomp.system_arch(), name) >= 0:
            rules.add_rule(denied, name)
    # Threads are fine, processes are not. The flags of clone3 cannot be seen: as "not there" it makes libc use clone.
    rules.add_rule(denied, "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, _CLONE_THREAD, 0))
    rules.add_rule(pyseccomp.ERRNO(errno.ENOSYS), "clone3")
    file = os.memfd_create("filter")
    try:
        with os.fdopen(os.dup(file), "wb") as out:
            rules.export_bpf(out)
        os.lseek(file, 0, os.SEEK_SET)
        return os.read(file, 1_000_000)
    finally:
        os.close(file)


def profile() -> dict[str, object]:
    """The same for a container engine, which takes it as JSON."""
    no = "SCMP_ACT_ERRNO"
    threads = {"index": 0, "value": _CLONE_THREAD, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    return {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [
            {"names": _DENIED, "action": no, "errnoRet": errno.EPERM},
            {"names": ["clone"], "action": no, "errnoRet": errno.EPERM, "args": [threads]},
            {"names": ["clone3"], "action": no, "errnoRet": errno.ENOSYS},
        ],
    }


def handle() -> int:
    """A file descriptor that holds the filter, ready to be read."""
    file = os.memfd_create("filter")
    os.write(file, program())
    os.lseek(file, 0, os.SEEK_SET)
    return file
