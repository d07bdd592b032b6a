"""The command line of the search for damage: `python -m tests.fuzz`, which ends with 0 where nothing was found."""

import argparse
import faulthandler
import itertools
import resource
import sys
import time
from collections.abc import Sequence

from tests.fuzz.search import KEPT, run
from tests.fuzz.targets import TARGETS

MOST_MEMORY = 16 << 30  # bytes of addresses: who asks for more gets a MemoryError


def main(words: Sequence[str] | None = None) -> int:
    """The command: 0 where nothing was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Read damaged files.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case; the same numbers do the same")
    parser.add_argument("--only", choices=TARGETS, action="append", help="one target alone; may be given several times")
    parser.add_argument("--cases", type=int, help="of each target, in place of minutes")
    asked = parser.parse_args(words)
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    targets = {name: target for name, target in TARGETS.items() if asked.only is None or name in asked.only}
    end, left = time.monotonic() + 60 * asked.minutes, itertools.count()
    enough = (
        (lambda: time.monotonic() > end) if asked.cases is None else lambda: next(left) >= asked.cases * len(targets)
    )
    print(f"fuzz: {len(targets)} targets, cases from {asked.first} on", flush=True)
    findings = run(targets, enough, asked.first)
    print(f"fuzz: {len(findings)} findings" + (f", kept in {KEPT}" if findings else ""))
    for found in findings:
        print(f"  python -m tests.fuzz --only {found.target} --first {found.number} --cases 1")
    return min(1, len(findings))


if __name__ == "__main__":
    sys.exit(main())
