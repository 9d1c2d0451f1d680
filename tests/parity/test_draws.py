"""Random requests, resolved by the real LiteLLM's own functions, against `resolve_session`."""

from __future__ import annotations

import json
from random import Random

from parity import RELEASE, draw
from parity._draws import Draw
from parity._draws import draw as draw_one

SAMPLE = json.loads(draw.SAMPLE.read_bytes())


def test_the_sample_is_of_the_pinned_release() -> None:
    assert SAMPLE["recorded_from"] == f"litellm[proxy] {RELEASE}"
    assert len(SAMPLE["cases"]) >= 500


def test_the_sample_is_what_its_seed_draws() -> None:
    random = Random(SAMPLE["seed"])  # noqa: S311 - cases, not secrets
    drawn = [draw_one(random) for _ in range(2 * len(SAMPLE["cases"]))]

    assert all(Draw(**row["case"]) in drawn for row in SAMPLE["cases"][:50])


def test_resolves_each_draw_like_litellm() -> None:
    wrong = [
        (row["case"], row["truth"], said)
        for row in SAMPLE["cases"]
        if (said := draw.resolved_by_fake(case := Draw(**row["case"]))) != row["truth"]
        and not draw.in_known_gap(case)
    ]

    assert not wrong


def test_the_known_gap_is_small() -> None:
    gap = [
        row for row in SAMPLE["cases"] if draw.resolved_by_fake(Draw(**row["case"])) != row["truth"]
    ]

    assert len(gap) <= len(SAMPLE["cases"]) * 0.05
