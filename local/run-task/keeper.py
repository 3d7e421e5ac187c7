"""
Keeps one build task: starts its command, limits the memory of everything that came of it, and ends with it.

No descendant outlives the command, though engines make process groups and sessions of their own: the keeper is their
subreaper. And nothing outlives whoever holds the keeper's standard input: when that closes, everything is killed.

Standard input: one line of JSON {"args": [...], "env": {...}, "cwd": "...", "memory": {"name": "...", "bytes": N,
"variable": "...", "file": "..."}} (see memory.py), then lines "TERM".
Standard output: {"pid": N} when started, {"exitCode": N, "outOfMemory": bool} at the end.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time

from memory import limit_memory

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LOOK_SECONDS = 0.5
# What ECS grants between SIGTERM and SIGKILL.
GRACE_SECONDS = 30


def children(pid):
    """Processes whose parent is `pid`."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(child) for child in file.read().split()]
    except (OSError, ValueError):
        pass
    return found


def descendants():
    pending, found = children(os.getpid()), []
    while pending:
        pid = pending.pop()
        found.append(pid)
        pending += children(pid)
    return found


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def reap(main):
    """Collects every child that has ended. Returns the wait status of `main` if it is among them."""
    status = None
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == main:
            status = ended


def end_descendants():
    while True:
        left = descendants()
        if not left:
            return
        for pid in left:
            kill(pid, signal.SIGKILL)
        reap(None)
        time.sleep(0.01)


def say(**message):
    try:
        print(json.dumps(message), flush=True)
    except BrokenPipeError:
        pass


def main():
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    control = os.fdopen(os.dup(0), "rb", buffering=0)
    order = json.loads(read_line(control))
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    asked = order["memory"]
    memory = limit_memory(asked["name"], asked["bytes"], asked["variable"], asked["file"])

    def enter():
        # A keeper that is killed takes the command with it, which is the one that ends its own children.
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        memory.enter()

    task = subprocess.Popen(
        order["args"], env={**order["env"], **memory.environment()}, cwd=order["cwd"], preexec_fn=enter,
        stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr, start_new_session=True,
    )
    say(pid=task.pid)
    deadline, status = None, None
    while status is None:
        ready, _, _ = select.select([control, woken], [], [], LOOK_SECONDS)
        if woken in ready:
            os.read(woken, 512)
        if control in ready:
            line = read_line(control)
            if line == b"":
                break
            kill(task.pid, signal.SIGTERM)
            deadline = deadline or time.monotonic() + GRACE_SECONDS
        if deadline and time.monotonic() > deadline:
            kill(task.pid, signal.SIGKILL)
        memory.look(descendants())
        status = reap(task.pid)
    end_descendants()
    code = os.waitstatus_to_exitcode(status) if status is not None else -signal.SIGKILL
    out_of_memory = code == -signal.SIGKILL and deadline is None and memory.kills() > 0
    memory.close()
    say(exitCode=128 - code if code < 0 else code, outOfMemory=out_of_memory)


def read_line(control):
    line = b""
    while not line.endswith(b"\n"):
        byte = control.read(1)
        if not byte:
            return b""
        line += byte
    return line


main()
