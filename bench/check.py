"""Measures `litellm-contracts check` from process start beside its floor, several times each.

Prints medians and their ratio: first for everything, then without the generated contracts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from litellm_contracts._corners import MODELS, corners, factors_of
from litellm_contracts._drawn import DEFAULT_EXAMPLES
from litellm_contracts._tables import all_contracts

RUNS = 5
FLOOR = Path(__file__).with_name("floor.py")


def scenarios(*, generated: bool) -> list[list[bool]]:
    """Return the calls of each client that the contracts build."""
    clients: list[list[bool]] = []
    exchanges = {contract.exchange: contract for contract in all_contracts()}
    for contract in exchanges.values():
        if contract.generator is None:
            handlers: dict[str, list[bool]] = {}
            for call in contract.calls:
                made = handlers.setdefault(call.handler, [])
                made.append(call.method == "create_message")
            clients += handlers.values()
        elif generated:
            streamed = contract.generator == "conversations"
            calls = len(list(corners(factors_of(contract)))) + DEFAULT_EXAMPLES
            share = -(-calls // len(MODELS))
            clients += [[streamed] * share for _ in MODELS]
    return clients


def measure(command: list[str], expected: int = 0) -> float:
    """Return the median wall time of a command, in seconds from process start to its end."""
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        ended = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)  # noqa: S603
        seconds.append(time.perf_counter() - started)
        if ended.returncode != expected:
            sys.exit(f"{command} ended with {ended.returncode}, expected {expected}")
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    check = [sys.executable, "-m", "litellm_contracts", "check"]
    for name, generated, options, expected in (
        ("everything", True, [], 0),
        ("without generated contracts", False, ["-k", "not schema"], 1),
    ):
        clients = scenarios(generated=generated)
        floor = measure([sys.executable, str(FLOOR), json.dumps(clients)])
        checked = measure(check + options, expected)
        calls = sum(len(client) for client in clients)
        print(
            f"{name}: check {checked:.2f} s, floor {floor:.2f} s "
            f"({len(clients)} clients, {calls} calls), ratio {checked / floor:.2f} "
            f"(medians of {RUNS})"
        )


if __name__ == "__main__":
    main()
