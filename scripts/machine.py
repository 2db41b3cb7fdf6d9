"""What numbers of speed are stamped with."""

import os
import pathlib
import platform
import subprocess

root = pathlib.Path(__file__).resolve().parent.parent


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((l.partition(":")[2].strip() for l in text.splitlines() if l.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB"


def commit():
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True).stdout.strip()
