"""Mutate the checks with mutmut, and hold the mutants that no test notices against left.toml.

It works in build/mutants, which stays: there `mutmut show NAME` and `mutmut browse` tell more.
Arguments are those of `mutmut run`, such as `--max-children 1`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
STAGE = ROOT / "build" / "mutants"


def main() -> int:
    """Run all mutants; return 1 where left.toml does not hold exactly those that survive."""
    set_stage()
    command = [sys.executable, "-m", "mutmut", "run", *sys.argv[1:]]
    is_log = not sys.stdout.isatty()  # mutmut tells of its progress thousands of times
    run = subprocess.run(command, cwd=STAGE, check=False, capture_output=is_log, text=True)
    if run.returncode:
        print(run.stdout or "", run.stderr or "")
        return 1
    statuses = dict(
        line.strip().rsplit(": ", 1) for line in mutmut("results", "--all", "true").splitlines()
    )
    alive = {told(name): name for name, status in statuses.items() if status != "killed"}
    entries = tomllib.loads((HERE / "left.toml").read_text("utf-8"))["left"]
    left = {mutant for entry in entries for mutant in entry["mutants"]}
    for mutant in sorted(alive.keys() - left):
        print(f"no test notices {alive[mutant]} ({statuses[alive[mutant]]}):\n    {mutant}")
    for mutant in sorted(left - alive.keys()):
        print(f"left.toml holds a mutant that is killed, or is no more:\n    {mutant}")
    killed = sum(status == "killed" for status in statuses.values())
    print(
        f"{len(statuses)} mutants, {killed} killed, {len(alive.keys() & left)} left with a reason"
    )
    return 0 if statuses and alive.keys() == left else 1


def set_stage() -> None:
    """Lay the package and the tests of its checks out as mutmut wants them: side by side."""
    shutil.rmtree(STAGE, ignore_errors=True)
    tests = STAGE / "tests" / "contracts"
    tests.mkdir(parents=True)
    shutil.copytree(ROOT / "contracts" / "litellm_contracts", STAGE / "litellm_contracts")
    for path in (ROOT / "pyproject.toml", HERE / "setup.cfg"):
        shutil.copy(path, STAGE)
    shutil.copy(ROOT / "tests" / "conftest.py", tests.parent)
    for path in (ROOT / "tests" / "contracts").glob("test_checks*.py"):
        shutil.copy(path, tests)
    shutil.copy(ROOT / "tests" / "contracts" / "conftest.py", tests)


def mutmut(*arguments: str) -> str:
    """Return what mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=STAGE, check=True, capture_output=True, text=True).stdout


def told(name: str) -> str:
    """Tell a mutant by its function and its new lines: its number changes with each edit."""
    lines = mutmut("show", name).splitlines()[3:]
    new = [line[1:].strip() for line in lines if line.startswith("+")]
    old = [line[1:].strip() for line in lines if line.startswith("-")]
    module, _, function = name.rpartition("__mutmut_")[0].rpartition(".x_")
    place = f"{module.rpartition('.')[2]} {function}"
    return f"{place}: {' '.join(new) or 'without ' + ' '.join(old)}"


if __name__ == "__main__":
    sys.exit(main())
