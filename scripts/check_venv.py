"""Says whether the .venv it runs in holds what it should, whole, without network: scripts/setup decides by it what to install.

    check_venv.py [--closed] name==version ...

Prints, a line each, what is not right, and exits 1 if there is anything:
    missing NAME==VERSION     not there, or in another version
    broken NAME==VERSION      there, but files are missing or have another size than when they were installed
    unmet NAME                (--closed only) something that is there requires it
"""

import importlib.metadata
import os
import re
import sys


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def whole(distribution):
    """Each file as long as its RECORD says. An install that was cut short left no RECORD."""
    record = distribution.read_text("RECORD")
    if not record:
        return False
    base = str(distribution.locate_file(""))
    for line in record.splitlines():
        path, _, size = line.rsplit(",", 2)
        if not size:
            continue
        try:
            if os.stat(os.path.join(base, path.strip('"'))).st_size != int(size):
                return False
        except OSError:
            return False
    return True


def required(distribution, extras):
    """Names (and their extras) that a distribution requires on this machine."""
    from pip._vendor.packaging.requirements import Requirement

    for text in distribution.requires or []:
        requirement = Requirement(text)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in ["", *extras]):
            yield requirement


def main(arguments):
    closed = "--closed" in arguments
    wanted = dict(a.split("==") for a in arguments if a != "--closed")
    there = {canonical(d.metadata["Name"]): d for d in importlib.metadata.distributions() if d.metadata["Name"]}
    wrong = []
    queue, seen = [], set()
    for name, version in wanted.items():
        found = there.get(canonical(name))
        if found is None or found.version.partition("+")[0] != version:
            wrong.append(f"missing {name}=={version}")
        else:
            queue.append((canonical(name), ()))
    broken = set()
    while queue:
        name, extras = queue.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found = there[name]
        if name not in broken and not whole(found):
            broken.add(name)
            wrong.append(f"broken {name}=={found.version}")
        if not closed:
            continue
        for requirement in required(found, extras):
            needed = there.get(canonical(requirement.name))
            if needed is None or not requirement.specifier.contains(needed.version, prereleases=True):
                wrong.append(f"unmet {requirement.name}")
            else:
                queue.append((canonical(requirement.name), tuple(sorted(requirement.extras))))
    print("\n".join(sorted(set(wrong))), end="\n" if wrong else "")
    return 1 if wrong else 0


sys.exit(main(sys.argv[1:]))
