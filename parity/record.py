"""`python -m parity.record`: replays the corpus to the real LiteLLM and says what moved.

Needs `litellm[proxy]` of the pinned release and `prisma` in its environment. Exit code 1 where the
truth moved, so that nobody overlooks it; the files are written all the same.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from parity import RELEASE, SETUPS, _truth
from parity._compare import compare
from parity._corpus import Case, load
from parity._normalise import normalised, selected, session_of
from parity._real import real_proxy
from parity._upstream import Upstream
from parity._wire import Answer, exchange


def main(arguments: list[str] | None = None) -> int:
    """Record the setups that are asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m parity.record", description=__doc__)
    parser.add_argument("setup", nargs="*", choices=[[], *SETUPS], help="default: all")
    parser.add_argument("--dry-run", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    if version("litellm") != RELEASE:
        raise SystemExit(f"litellm {version('litellm')} is installed; expected {RELEASE}")
    cases = load()
    moved = 0
    for setup in options.setup or SETUPS:
        chosen = [case for case in cases if case.setup == setup]
        fresh = record(setup, chosen)
        before = _truth.load(setup)
        if not options.dry_run:
            _truth.save(setup, fresh, datetime.now(UTC).date().isoformat())
        moved += _say_what_moved(setup, before, fresh)
    return 1 if moved else 0


def record(setup: str, cases: list[Case]) -> dict[str, dict[str, Any]]:
    """Start the proxy, replay the cases and return the exchanges by id."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Upstream() as upstream,
        real_proxy(setup, upstream.url, Path(folder)) as proxy,
    ):
        answers = {case.id: exchange(proxy.port, case.request) for case in cases}
        reports = proxy.sessions()
    return {case.id: _shown(case, answers[case.id], reports.get(case.id, [])) for case in cases}


def _shown(case: Case, answer: Answer, reports: list[dict[str, Any]]) -> dict[str, Any]:
    if not answer.status:
        raise RuntimeError(f"{case.id}: LiteLLM did not answer ({answer.end})")
    shown = selected(case, normalised(answer, case.request))
    sessions = [
        session_of(report["session_id"], report["trace_id"], case.request) for report in reports
    ]
    if sessions:
        shown["session"] = sessions[-1]
    if any(session != sessions[0] for session in sessions):
        raise RuntimeError(f"{case.id}: LiteLLM reports two sessions: {sessions}")
    return shown


def _say_what_moved(setup: str, before: dict[str, Any], after: dict[str, Any]) -> int:
    """Print each exchange that came, went or changed; returns how many changed."""
    changed = {
        name: [
            (item.place, item.real, item.fake) for item in compare(name, before[name], after[name])
        ]
        for name in after
        if name in before
    }
    moved = {name: places for name, places in changed.items() if places}
    for name, places in moved.items():
        for place, old, new in places:
            sys.stdout.write(f"moved  {name}: {place}: {old!r} is now {new!r}\n")
    for word, names in (("new", after.keys() - before), ("gone", before.keys() - after)):
        sys.stdout.writelines(f"{word:6} {name}\n" for name in sorted(names))
    sys.stdout.write(f"{setup}: {len(after)} exchanges, {len(moved)} moved\n")
    return len(moved)


if __name__ == "__main__":
    sys.exit(main())
