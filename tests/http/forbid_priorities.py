"""Runs a command in which system calls that set a priority or processors end by ACTION, a number of
seccomp's, as by systemd's SystemCallFilter=~@resources: forbid_priorities.py ACTION COMMAND..."""

import ctypes
import os
import struct
import sys

NO_NEW_PRIVS, SECCOMP, FILTER = 38, 22, 2  # prctl's
ALLOW = 0x7FFF0000
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06  # instructions of BPF
CALLS = {  # setpriority, sched_setattr, sched_setaffinity
    "x86_64": (141, 314, 203),
    "aarch64": (140, 274, 122),
}[os.uname().machine]

program = [
    (LOAD, 0, 0, 0),  # the number of the call
    (JUMP_IF_EQUAL, 2, 0, CALLS[0]),
    (JUMP_IF_EQUAL, 1, 0, CALLS[1]),
    (JUMP_IF_EQUAL, 0, 1, CALLS[2]),
    (RETURN, 0, 0, int(sys.argv[1])),
    (RETURN, 0, 0, ALLOW),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
header = struct.pack("HP", len(program), ctypes.addressof(code))
prctl = ctypes.CDLL(None, use_errno=True).prctl
if prctl(NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(SECCOMP, FILTER, header):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606
