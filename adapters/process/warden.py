"""
Says what users of this machine can reach, and ends everything that runs as one of them. Runs as root.

    python warden.py OWN_UID UID...

Every line of standard input is a JSON object, answered by one line on standard output:
{"uid": N, "reach": [PATH, ...]} by {"reached": [true, ...]}, {"uid": N, "end": true} by {"ended": true}; what cannot be
done by {"failed": "why"}. When standard input closes, however its holder ended, everything of all UIDs is ended as well.

Whoever sends the signals has OWN_UID as real and saved user and takes on the other one as effective user only. So the kernel
lets it signal exactly that user's processes, all at once (no fork can slip away), and lets none of them signal or trace it.
"""

import json
import os
import signal
import sys
import time

END_SECONDS = 10
LOOK_SECONDS = 0.005


def forked(work):
    """Runs `work` in a process of its own and gives what it returned."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.write(writer, json.dumps(work()).encode())
            os._exit(0)
        except BaseException as error:
            os.write(writer, json.dumps({"failed": str(error)}).encode())
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else {"failed": "the process that was to do it was killed"}


def reach(uid, paths):
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    return {"reached": [os.access(path, os.X_OK) for path in paths]}


def kill_all(own, uid):
    os.setgroups([])
    os.setresgid(own, own, own)
    os.setresuid(own, uid, own)
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass
    return {"ended": True}


def is_alive(pid, uid):
    """Whether this process is the user's, and no zombie whose parent has not looked yet."""
    try:
        with open(f"/proc/{pid}/status") as file:
            fields = dict(line.split(":", 1) for line in file)
    except (OSError, ValueError):
        return False
    # The first thread may have ended, and so look like a zombie, while others still run.
    has_ended = fields["State"].split()[0] in "ZX" and int(fields.get("Threads", 1)) <= 1
    return str(uid) in fields["Uid"].split() and not has_ended


def end(own, uid):
    deadline = time.monotonic() + END_SECONDS
    while True:
        answer = forked(lambda: kill_all(own, uid))
        if "failed" in answer or not any(is_alive(pid, uid) for pid in os.listdir("/proc") if pid.isdigit()):
            return answer
        if time.monotonic() > deadline:
            return {"failed": f"processes of user {uid} do not end"}
        time.sleep(LOOK_SECONDS)


def main():
    own, *uids = (int(argument) for argument in sys.argv[1:])
    try:
        for line in sys.stdin:
            order = json.loads(line)
            uid = order["uid"]
            answer = end(own, uid) if "end" in order else forked(lambda: reach(uid, order["reach"]))
            print(json.dumps(answer), flush=True)
    finally:
        for uid in uids:
            end(own, uid)


main()
