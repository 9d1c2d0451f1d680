"""Groups of contracts that many faults break together, as patterns for `breaks`."""

from __future__ import annotations

from contextlib import suppress
from importlib import metadata

from packaging.version import Version

DUE = """
    presence/* -presence/exactly-one-request
    complete-prompt/between-turns complete-prompt/during-stream complete-prompt/at-the-same-time
    isolation/* -isolation/own-key-and-model -isolation/own-proxy
    -isolation/nothing-of-other-tasks
    recognition/filed-under-the-task recognition/nothing-else-filed-there
    recognition/filed-right-in-trouble
    hostile-ids/nothing-injected
    schema/create-message
    throughout/header
"""
"""Every contract in which a request is due the header: all that a missing header breaks."""

RATE_LIMITS = """presence/retry-after-429 presence/retry-after-429-without-hint
    presence/fallback isolation/retry-beside-another-task"""
"""Every contract in which a conversation's request meets a rate limit."""

RETRIES = f"presence/retry-after-* isolation/after-reset-connection {RATE_LIMITS}"
"""Every contract in which a conversation's request fails at first."""

_MIXED = """isolation/call-during-stream isolation/calls-between-chunks
    isolation/retry-beside-another-task isolation/same-text-in-another-task"""
"""Contracts with turns of tasks in which a call without a task is judged too."""

ABSENT = f"""absence/* isolation/task-beside-no-task isolation/second-handler-without-task
    isolation/long-lived-handler isolation/after-* isolation/metadata-changed-in-place {_MIXED}"""
"""Every hand-written contract in which create_message has no task id."""

PROMPTS = """complete-prompt/* -complete-prompt/own-answer isolation/many-stops
    isolation/second-handler-without-task isolation/other-handler-closed
    isolation/long-lived-handler isolation/after-* schema/complete-prompt
    isolation/calls-between-chunks
    isolation/retry-beside-another-task"""
"""Every contract in which a request of complete_prompt is judged by its headers."""

WITHOUT_ID = f"""isolation/task-beside-no-task isolation/second-handler-without-task
    isolation/long-lived-handler isolation/after-* isolation/metadata-changed-in-place
    schema/create-message {_MIXED}"""
"""What is left of these under a profile that wants a session with every request."""

ALL_PROMPTS = """isolation/second-handler-without-task isolation/many-stops
    isolation/other-handler-closed isolation/long-lived-handler
    isolation/after-* isolation/calls-between-chunks isolation/retry-beside-another-task
    schema/complete-prompt"""
"""The same for complete_prompt."""

AFTER_TURN = """isolation/long-lived-handler isolation/after-* isolation/other-handler-closed
    isolation/many-stops
    recognition/nothing-else-filed-there recognition/filed-right-in-trouble"""
"""Contracts in which a request of no task, and a prompt, follow a turn on the same handler."""

NEXT_ID = """presence/every-kind-of-id presence/next-task complete-prompt/at-the-same-time
    isolation/alternating-tasks
    isolation/concurrent-tasks isolation/ten-concurrent-tasks isolation/call-during-stream
    isolation/two-handlers isolation/retry-beside-another-task isolation/long-lived-handler
    isolation/after-every-kind-of-answer
    isolation/after-reset-connection
    isolation/calls-between-chunks isolation/metadata-changed-in-place
    isolation/same-text-in-another-task isolation/task-beside-no-task
    recognition/nothing-else-filed-there recognition/filed-right-in-trouble
    hostile-ids/nothing-injected schema/create-message"""
"""Every contract in which one handler is given a second task id."""

AFTER_TASK = f"""absence/after-task* absence/after-failed-task absence/retry-without-task
    isolation/task-beside-no-task isolation/metadata-changed-in-place {_MIXED}
    complete-prompt/* -complete-prompt/omits-header -complete-prompt/own-answer
    {AFTER_TURN} schema/*"""
"""Every contract in which a request without a header follows one with it, on one handler."""

IN_TURN = f"""absence/after-task* absence/after-failed-task absence/retry-without-task
    isolation/calls-between-chunks isolation/metadata-changed-in-place
    isolation/same-text-in-another-task
    complete-prompt/after-create-message complete-prompt/between-turns
    complete-prompt/after-failed-create-message complete-prompt/retry
    complete-prompt/every-model-branch {AFTER_TURN}"""
"""Every contract in which one asyncio task, or one thread, makes such calls one after another."""

MESSAGES = """* -always/* -complete-prompt/omits-header -complete-prompt/own-answer
    -schema/complete-prompt -faithfulness/completed-text -faithfulness/broken-completion"""
"""Every contract that calls create_message."""

COUNTED = """presence/exactly-one-request presence/retry-after-* presence/reconnect
    presence/redirect absence/retry-without-task complete-prompt/retry"""
"""Every contract that counts requests."""

_READS_BYTES = True
with suppress(metadata.PackageNotFoundError):
    _READS_BYTES = Version(metadata.version("openai")) >= Version("1.39")
"""Whether the SDK splits a stream as bytes: seen in 1.39.0, not yet in 1.10.0."""

ODD_LINE_ENDS = "faithfulness/odd-line-ends" if _READS_BYTES else ""
"""What a lost text breaks: an SDK that splits text fails there by itself, so that none is lost."""

TORN_LINE_ENDS = "" if _READS_BYTES else "faithfulness/odd-line-ends"
"""What a swallowed error breaks: such an SDK's."""

AFTER_TORN_LINE = "" if _READS_BYTES else "faithfulness/text-in-small-reads"
"""What follows such an error."""
