"""The system calls that a sandboxed program may not make, as a filter that bubblewrap loads.

A program gets one process and one thread: no limit on their number holds for a sandbox that root
starts, and memory is limited by process. Beside them everything is refused that reaches into other
processes, makes namespaces or mounts, or holds memory that no limit counts. A refused call fails
with EPERM; a call of a foreign architecture ends the program.

Source: Linux, seccomp(2); numbers from asm/unistd_64.h and asm-generic/unistd.h.
"""

import struct
from collections.abc import Iterator

_X86_64 = {
    "clone fork vfork clone3": (56, 57, 58, 435),
    "ptrace process_vm_readv process_vm_writev kcmp": (101, 310, 311, 312),
    "pidfd_open pidfd_getfd": (434, 438),
    "unshare setns chroot pivot_root mount umount2": (272, 308, 161, 155, 165, 166),
    "open_tree move_mount fsopen mount_setattr": (428, 429, 430, 442),
    "name_to_handle_at open_by_handle_at": (303, 304),
    "bpf perf_event_open userfaultfd": (321, 298, 323),
    "io_uring_setup io_uring_enter io_uring_register": (425, 426, 427),
    "add_key request_key keyctl": (248, 249, 250),
    "shmget shmat shmctl semget msgget mq_open": (29, 30, 31, 64, 68, 240),
    "memfd_create memfd_secret": (319, 447),
    "kexec_load init_module finit_module delete_module": (246, 175, 313, 176),
}
_AARCH64 = {
    "clone clone3": (220, 435),
    "ptrace process_vm_readv process_vm_writev kcmp": (117, 270, 271, 272),
    "pidfd_open pidfd_getfd": (434, 438),
    "unshare setns chroot pivot_root mount umount2": (97, 268, 51, 41, 40, 39),
    "open_tree move_mount fsopen mount_setattr": (428, 429, 430, 442),
    "name_to_handle_at open_by_handle_at": (264, 265),
    "bpf perf_event_open userfaultfd": (280, 241, 282),
    "io_uring_setup io_uring_enter io_uring_register": (425, 426, 427),
    "add_key request_key keyctl": (217, 218, 219),
    "shmget shmat shmctl semget msgget mq_open": (194, 196, 195, 190, 186, 180),
    "memfd_create memfd_secret": (279, 447),
    "kexec_load init_module finit_module delete_module": (104, 105, 273, 106),
}
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = {"x86_64": _X86_64, "aarch64": _AARCH64}
MACHINES = tuple(_REFUSED)

_X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_ALLOW, _EPERM, _KILL = 0x7FFF0000, 0x00050001, 0x80000000


def refusing_filter(machine: str) -> bytes:
    """The filter for a machine of MACHINES, as classic BPF."""
    numbers = [number for group in _REFUSED[machine].values() for number in group]
    return b"".join(_instructions(_AUDIT[machine], numbers))


def _instructions(audit: int, numbers: list[int]) -> Iterator[bytes]:
    """struct sock_filter {code, jump if true, jump if false, value}."""
    yield struct.pack("HBBI", _LOAD, 0, 0, _ARCHITECTURE_AT)
    yield struct.pack("HBBI", _EQUAL, 1, 0, audit)
    yield struct.pack("HBBI", _RETURN, 0, 0, _KILL)
    yield struct.pack("HBBI", _LOAD, 0, 0, _NUMBER_AT)
    yield struct.pack("HBBI", _AT_LEAST, len(numbers) + 1, 0, _X32)
    for place, number in enumerate(numbers):
        yield struct.pack("HBBI", _EQUAL, len(numbers) - place, 0, number)
    yield struct.pack("HBBI", _RETURN, 0, 0, _ALLOW)
    yield struct.pack("HBBI", _RETURN, 0, 0, _EPERM)
