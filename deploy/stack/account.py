"""Under which account a child runs, and that it dies with us; PostgreSQL refuses to run as root."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "embedded_postgres"
NOBODY = "nobody"
PR_SET_PDEATHSIG, PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 28, 47, 2
SECBIT_NO_SETUID_FIXUP = 4
"""Without it, leaving root's account drops every right, and access(2) leaves rights out of account."""
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522
LINUX = sys.platform == "linux"


@dataclass(frozen=True)
class Account:
    """An account of the machine."""

    user: int
    group: int


def for_postgres() -> Account | None:
    """None for an ordinary user, who runs PostgreSQL as themselves; an account without rights for root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        entry = _made() or pwd.getpwnam(NOBODY)
    return Account(entry.pw_uid, entry.pw_gid)


def give(path: Path, account: Account | None) -> None:
    """Hand the folder to the account."""
    if account is not None:
        os.chown(path, account.user, account.group)


def becoming(account: Account | None, death: signal.Signals) -> Callable[[], None]:
    """What a child does between fork and exec: leave root's account, and be sent `death` when its parent dies.

    A child that leaves root's account keeps one right: to pass through folders closed to others, since a home may
    lie below one. It can read there and change nothing.
    """
    libc = ctypes.CDLL(None, use_errno=True) if LINUX else None
    parent = os.getpid()

    def become() -> None:
        if account is not None:
            _leave_root(libc, account)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, int(death), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return become


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Rights(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def _leave_root(libc: ctypes.CDLL | None, account: Account) -> None:
    os.setgroups([])
    os.setgid(account.group)
    if libc is not None:
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setuid(account.user)
    if libc is not None and _keep_only(libc, 1 << CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH, 0, 0)


def _keep_only(libc: ctypes.CDLL, right: int) -> bool:
    """Give up every other right, and this one too where it cannot be kept, as in most containers."""
    for kept in (right, 0):
        rights = (_Rights * 2)(_Rights(kept, kept, kept), _Rights(0, 0, 0))
        if libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), rights) == 0:
            return bool(kept)
    os._exit(1)


def _made() -> pwd.struct_passwd | None:
    try:
        subprocess.run(  # noqa: S603 - the system's own command
            ["useradd", "--system", "--shell", "/bin/sh", NAME],  # noqa: S607 - wherever the system keeps it
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return pwd.getpwnam(NAME)
