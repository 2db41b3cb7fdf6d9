"""Runs every module of the oracle, as many at once as there are cores:

    everything.py FOLDER [ROOM ...]

writes FOLDER/<room> for all rooms, or for those that are named. Torchvision, whose import takes 3 s, is imported once, and each
module runs in a fork. What the same sources have written there already is not made again.
"""

import ctypes
import hashlib
import importlib.metadata
import os
import pathlib
import runpy
import signal
import sys
import time
import traceback

here = pathlib.Path(__file__).resolve().parent


def sources(module):
    """A hash of all that decides what a module writes."""
    root = here.parents[1]
    files = [module, here / "oracle.py", *sorted((here / "support").glob("*.py")), root / "scripts" / "versions"]
    for read in (root / "tests" / "io" / "pngsuite", root / "opsis" / "datasets" / "digits"):  # by modules
        files += sorted(f for f in read.iterdir() if f.is_file())
    versions = [importlib.metadata.version(name) for name in ("torch", "torchvision", "numpy", "pillow")]
    settings = ["".join(name for name in ("OPSIS_ORACLE_ALL", "OPSIS_EVERY_CHANGE") if os.environ.get(name) == "1")]
    return hashlib.sha256(b"\0".join([f.read_bytes() for f in files] + [w.encode() for w in versions + settings])).hexdigest()


def start(module, out, log):
    """A fork that runs the module; what it prints goes to `log`."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: nobody goes on when this program is killed
        target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(target, 1)
        os.dup2(target, 2)
        sys.argv = [str(module), str(out)]
        runpy.run_path(str(module), run_name="__main__")
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        raise SystemExit(f"usage: {sys.argv[0]} FOLDER [ROOM ...]")
    out, wanted = pathlib.Path(sys.argv[1]).resolve(), set(sys.argv[2:])
    modules = {m.stem: m for m in here.glob("*.py") if m.stem not in ("oracle", pathlib.Path(__file__).stem)}
    if wanted - modules.keys():
        raise SystemExit(f"no such rooms: {', '.join(sorted(wanted - modules.keys()))}")
    marks = out / "made"
    marks.mkdir(parents=True, exist_ok=True)
    hashes = {room: sources(module) for room, module in modules.items() if not wanted or room in wanted}

    def is_fresh(room):
        mark = marks / room
        return (out / room).is_dir() and mark.is_file() and mark.read_text().split()[:1] == [hashes[room]]

    fresh = [room for room in hashes if is_fresh(room)]
    # The longest first, so that no core waits for one at the end: but for these they are among the largest.
    due = sorted(hashes.keys() - fresh, key=lambda room: (room not in ("models_large", "ops_packaged"), -modules[room].stat().st_size))
    print(f"oracle: {len(fresh)} rooms as they were, {len(due)} to make", flush=True)
    if not due:
        return 0

    import torchvision.transforms.v2  # noqa: F401  once for all forks

    sys.path.insert(0, str(here))
    running, failed = {}, []
    while due or running:
        while due and len(running) < (os.cpu_count() or 1):
            room = due.pop(0)
            (marks / room).unlink(missing_ok=True)
            running[start(modules[room], out, marks / f"{room}.log")] = (room, time.time())
        child, status = os.wait()
        room, begun = running.pop(child)
        said = (marks / f"{room}.log").read_text(errors="replace")
        taken = f"{time.time() - begun:.1f} s"
        if status == 0:
            (marks / room).write_text(f"{hashes[room]} {taken}\n")
            print(f"{said.strip().splitlines()[-1] if said.strip() else room} ({taken})", flush=True)
        else:
            failed.append(room)
            print(f"{room}: FAILED after {taken}\n{said}", flush=True)
    if failed:
        print(f"oracle: {', '.join(sorted(failed))} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
