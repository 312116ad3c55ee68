"""Measures this checkout: lists over a million rooms, exports, start-up; ratios in one run, for the record of a change."""

from __future__ import annotations

import argparse
import subprocess
import sys

from config import ROOT, BadSetting, Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which of the benchmarks; all when left out."""
    parser.add_argument("names", metavar="NAME", nargs="*", help="such as lists, export, startup")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Runs the benchmarks one after another, each in a process and on databases of its own."""
    found = {file.stem.removeprefix("bench_"): file for file in sorted((ROOT / "tests" / "bench").glob("bench_*.py"))}
    unknown = [name for name in arguments.names if name not in found]
    if unknown or not found:
        raise BadSetting(f"There is no benchmark “{', '.join(unknown)}”; there are {', '.join(found) or 'none here'}.")
    failed = 0
    for name in arguments.names or found:
        print(f"\n== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"tests.bench.bench_{name}"], cwd=ROOT, check=False).returncode
    return failed
