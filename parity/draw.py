"""`python -m parity.draw`: thousands of random requests, resolved by LiteLLM and by the fake.

Needs LiteLLM, as `parity.record` does. The first cases are written to `recorded/draws.json`, which
the ordinary tests hold `resolve_session` against. Exit code 1 where the two disagree outside the
known gap.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from fake_litellm import Session, resolve_session
from parity import RECORDED, RELEASE
from parity._draws import Draw, draw
from parity._normalise import session_of

SAMPLE = RECORDED / "draws.json"
_REJECTED = "Request has no session id."
_IDS = ("session_id", "trace_id", "user_id")


def resolved_by_fake(case: Draw) -> dict[str, Any]:
    """Return what `resolve_session` says."""
    session: Session = resolve_session(
        [(name, value) for name, value in case.headers],
        case.whole_body,
        path=case.path,
        litellm=RELEASE,
        missing_session_id=case.missing_session_id,
        request_correlation_in_logs=case.correlated,
    )
    ids = session_of(session.session_id, session.trace_id, case.as_bytes)
    return ids | {"rejected": session.rejected}


def in_known_gap(case: Draw) -> bool:
    """Whether the case is of the kind that `fake_litellm._session` says may come out otherwise.

    On these two paths LiteLLM 1.106.2 reads `metadata` in one place and `litellm_metadata` in
    another, so ids in both, ids that are no text, and the correlation setting are not settled.
    """
    if case.path not in {"/v1/messages", "/v1/responses"}:
        return False
    holders = [_object(case.body.get(name)) for name in ("metadata", "litellm_metadata")]
    named = [any(name in holder for name in _IDS) for holder in holders]
    roots = [
        case.body[name] for name in ("litellm_session_id", "litellm_trace_id") if name in case.body
    ]
    values = [holder[name] for holder in holders for name in _IDS if name in holder] + roots
    odd = any(not isinstance(value, str) or not value for value in values)
    return case.correlated or all(named) or odd


def main(arguments: list[str] | None = None) -> int:
    """Draw, resolve, compare; write the sample."""
    parser = argparse.ArgumentParser(prog="python -m parity.draw", description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=0, help="how many cases to write down")
    options = parser.parse_args(arguments)
    random = Random(options.seed)  # noqa: S311 - cases, not secrets
    cases = [draw(random) for _ in range(options.count)]
    truths = asyncio.run(_resolve(cases))
    wrong, gap = _compare(cases, truths)
    if options.sample:
        _save(options.seed, cases[: options.sample], truths)
    sys.stdout.write(f"seed {options.seed}: {len(truths)} of {len(cases)} cases settled, ")
    sys.stdout.write(f"{wrong} differ, {gap} more in the known gap\n")
    sys.stdout.flush()
    os._exit(1 if wrong else 0)  # LiteLLM leaves threads behind that never end


async def _resolve(cases: list[Draw]) -> dict[int, dict[str, Any]]:
    """Return what LiteLLM says, by case; without those it did not answer or log."""
    from parity._in_process import in_process

    truths = {}
    with tempfile.TemporaryDirectory() as folder:
        async with in_process(Path(folder)) as proxy:
            for number, case in enumerate(cases):
                outcome = await proxy.call(case)
                rejected = outcome.status == 400 and _REJECTED in outcome.text  # noqa: PLR2004
                if rejected or outcome.logged:
                    ids = (None, None) if rejected else (outcome.session_id, outcome.trace_id)
                    truths[number] = session_of(*ids, case.as_bytes) | {"rejected": rejected}
    return truths


def _compare(cases: list[Draw], truths: dict[int, dict[str, Any]]) -> tuple[int, int]:
    counts: Counter[bool] = Counter()
    for number, truth in truths.items():
        said = resolved_by_fake(cases[number])
        if said != truth:
            known = in_known_gap(cases[number])
            counts[known] += 1
            if not known:
                sys.stdout.write(f"{asdict(cases[number])}\n  LiteLLM {truth}\n  fake    {said}\n")
    return counts[False], counts[True]


def _save(seed: int, cases: list[Draw], truths: dict[int, dict[str, Any]]) -> None:
    rows = [
        json.dumps({"case": asdict(case), "truth": truths[number]})
        for number, case in enumerate(cases)
        if number in truths
    ]
    today = datetime.now(UTC).date().isoformat()
    head = {"recorded_from": f"litellm[proxy] {RELEASE}", "recorded_on": today, "seed": seed}
    opening = json.dumps(head, indent=1)[:-2]
    text = f'{opening},\n "cases": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"
    SAMPLE.write_text(text, encoding="utf-8")


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    sys.exit(main())
