"""
The memory limit of one task and of everything that came of it.

Where this process may make a memory cgroup the kernel holds the limit, as it does for a container. Elsewhere the keeper
adds up resident memory and kills in the kernel's place: by the kernel's choice, and counted in a file as the kernel counts.
"""

import os
import signal
import time

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
CGROUPS = "/sys/fs/cgroup"
PREFIX = "conda-store-"
# A group without a process may be one that is just being entered; not after this.
LEFT_OVER_SECONDS = 60


class KernelLimit:
    """A memory cgroup of the task's own."""

    def __init__(self, directory, events_file):
        self.directory, self.events_file = directory, events_file

    def enter(self):
        """In the task, before it becomes its program."""
        with open(f"{self.directory}/cgroup.procs", "w") as file:
            file.write(str(os.getpid()))

    def environment(self):
        return {}

    def look(self, pids):
        """The kernel looks."""

    def kills(self):
        try:
            with open(f"{self.directory}/{self.events_file}") as file:
                counts = dict(line.split() for line in file)
            return int(counts.get("oom_kill", 0))
        except OSError:
            return 0

    def close(self):
        """When no process is left in it."""
        try:
            os.rmdir(self.directory)
        except OSError:
            pass


class WatchedLimit:
    """The limit as the keeper sees it, look by look."""

    def __init__(self, limit_bytes, variable, file):
        self.limit_bytes, self.variable, self.file = limit_bytes, variable, file
        self.count = 0
        self._write()

    def enter(self):
        pass

    def environment(self):
        return {self.variable: self.file}

    def look(self, pids):
        """Kills the one that the kernel would take if all together are over the limit."""
        sizes = {pid: resident_bytes(pid) for pid in pids}
        if sum(sizes.values()) <= self.limit_bytes:
            return
        chosen = max(sizes, key=lambda pid: sizes[pid] + adjustment(pid) * self.limit_bytes / 1000)
        # Counted first: who asks what its child died of must find it there.
        self.count += 1
        self._write()
        try:
            os.kill(chosen, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def kills(self):
        return self.count

    def close(self):
        pass

    def _write(self):
        temporary = f"{self.file}.new"
        with open(temporary, "w") as file:
            file.write(f"oom_kill {self.count}\n")
        os.replace(temporary, self.file)


def limit_memory(name, limit_bytes, variable, file):
    """
    The kernel's limit if it can be had, else our own.

    :param name: of the cgroup, which no other task has
    :param variable: environment variable that tells the task where its kills are counted, if the kernel does not
    :param file: where they are counted then
    """
    for directory, limit_file, swap_file, events_file in _own_groups():
        _remove_left_over(directory)
        group = f"{directory}/{PREFIX}{name}"
        try:
            os.mkdir(group)
        except OSError:
            continue
        try:
            _write(f"{group}/{limit_file}", limit_bytes)
        except OSError:
            os.rmdir(group)
            continue
        try:
            # Without it a task would go on for minutes on a laptop's swap; a container has none.
            _write(f"{group}/{swap_file}", limit_bytes if swap_file.startswith("memory.memsw") else 0)
        except OSError:
            pass
        return KernelLimit(group, events_file)
    return WatchedLimit(limit_bytes, variable, file)


def _remove_left_over(directory):
    """Groups of keepers that were killed. The kernel keeps those that still have a process."""
    try:
        with os.scandir(directory) as entries:
            groups = [each for each in entries if each.name.startswith(PREFIX)]
            old = [each.path for each in groups if time.time() - each.stat().st_mtime > LEFT_OVER_SECONDS]
    except OSError:
        return
    for group in old:
        try:
            os.rmdir(group)
        except OSError:
            pass


def _own_groups():
    """Where this process's memory is accounted: in a group of cgroup v1, or of v2."""
    with open("/proc/self/cgroup") as file:
        lines = file.read().splitlines()
    for line in lines:
        number, controllers, path = line.split(":", 2)
        own = "" if path == "/" else path
        if "memory" in controllers.split(","):
            yield f"{CGROUPS}/memory{own}", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control"
        elif number == "0":
            yield f"{CGROUPS}{own}", "memory.max", "memory.swap.max", "memory.events"


def _write(path, value):
    if not os.path.exists(path):
        # In cgroup v2 a group without the controller would take any name.
        raise FileNotFoundError(path)
    with open(path, "w") as file:
        file.write(str(value))


def resident_bytes(pid):
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


def adjustment(pid):
    """Thousandths of the limit that the kernel adds to a process's size when it chooses whom to kill."""
    try:
        with open(f"/proc/{pid}/oom_score_adj") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 0
