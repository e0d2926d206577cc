"""Running figures of the requests of one task: the client counts, the stage reports them."""

from __future__ import annotations

import msgspec

from judgebench.records import Reply


class Traffic(msgspec.Struct, kw_only=True):
    """Mutable counters.

    Attributes:
        post: Requests sent, repeats included.
        recv: Whole replies received, whatever their status.
        in_flight: Requests under way.
        limit: Present bound of requests in flight.
        ok: Asked for and answered; ``failed``: without a usable answer after all repeats.
        retries: Repeats sent.
        waiting: Requests that wait before a repeat.
        waited: Seconds spent in such waits, summed over requests.
        note: What is being waited for, in a few words; empty when nothing is.
        first_error: Sentence of the first failed attempt; empty while there is none.
        faults: Failed attempts by kind.
    """

    post: int = 0
    recv: int = 0
    in_flight: int = 0
    limit: int = 0
    ok: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    retries: int = 0
    waiting: int = 0
    waited: float = 0.0
    note: str = ""
    first_error: str = ""
    faults: dict[str, int] = {}

    def fault(self, kind: str, message: str) -> None:
        """Count a failed attempt."""
        self.faults[kind] = self.faults.get(kind, 0) + 1
        if not self.first_error:
            self.first_error = message

    def answered(self, reply: Reply) -> None:
        """Count the final reply to a request."""
        if reply.status == "ok":
            self.ok += 1
        else:
            self.failed += 1
        usage = reply.usage
        if usage is not None:
            self.prompt_tokens += usage.prompt_tokens
            self.completion_tokens += usage.completion_tokens

    def replace_part(self, before: Traffic, now: Traffic) -> None:
        """Put the new counts of one of several senders in the place of its earlier ones."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) - getattr(before, name) + getattr(now, name))
        for kind, count in now.faults.items():
            self.faults[kind] = self.faults.get(kind, 0) - before.faults.get(kind, 0) + count
        self.note = now.note or (self.note if self.note != before.note else "")
        self.first_error = self.first_error or now.first_error

    def figures(self) -> dict[str, float]:
        """Return the numbers that belong in the record of a run: the cost of faults in requests and seconds."""
        found: dict[str, float] = {"extra_requests": float(self.retries), "seconds_waited": round(self.waited, 3)}
        return {**found, **{f"fault_{kind}": float(count) for kind, count in sorted(self.faults.items())}}


_COUNTS = [name for name, kind in Traffic.__annotations__.items() if kind in {"int", "float"}]
