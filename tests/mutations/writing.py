"""How a simulated judge writes what it says: real text in each benchmark's parser, with distractions around it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from judgebench.records.flow import Reply, TokenLogprob

Said = int | str | list[bool]
"""A side (1 first, -1 second, 0 neither), a grade, a label, an order of letters, or the truth of every step."""

SIDES = {1: ("A", "A>B", "A>>B"), -1: ("B", "B>A", "B>>A"), 0: ("tie", "A=B")}
"""What configs call a side."""
_SAYS = {"boxed_last": "step", "step_list": "steps", "letter_order": "order"}
_OPENINGS = (
    "Let me think.",
    "Answer A is longer, answer B is clearer; 7 of 10 readers would not mind.",
    "The first sentence says 4, the last one says 5.\n\n- Is it right? Perhaps.\n- Is it clear? 3 times no.",
    "I compared *everything* (A, B and C) with care.",
)


class Writer:
    """Writes replies for one parser.

    Args:
        spec: ``parser=dict(type=..., ...)`` of a config.
        sides: Whether labels and numbers are about which of two answers is better.

    Attributes:
        says: What is said: ``side``, ``grade``, ``decision``, ``step``, ``steps`` or ``order``.
        decisions: The parser's labels in order.
        scale: Lowest and highest grade.
    """

    def __init__(self, spec: Mapping[str, Any] | str, *, sides: bool) -> None:
        self.spec: Mapping[str, Any] = {"type": spec} if isinstance(spec, str) else spec
        kind = self.spec["type"]
        self.decisions: list[str] = list(dict.fromkeys(self.spec.get("decisions", {}).values()))
        self.says = "side" if sides else _SAYS.get(kind, "")
        self.says = self.says or ("decision" if self.decisions else "grade")
        self.scale: tuple[int, int] = (self.spec.get("low", 1), self.spec.get("high", 10))
        if kind == "word_scale":
            self.scale = (min(self.spec["words"].values()), max(self.spec["words"].values()))
        if any("[1-5]" in pattern for pattern in self.spec.get("patterns", [])):
            self.scale = (1, 5)
        self._write = _STYLES[kind]

    def write(self, said: Said | None, rng: random.Random) -> Reply:
        """Return a reply that says so; ``None`` says nothing that can be read."""
        return self._write(self.spec, said, rng)

    def can_tie(self) -> bool:
        """Whether the parser has words for "equally good"."""
        return self.spec["type"].endswith(("two_numbers", "logprob_of_decision")) or bool(
            {"tie", "A=B"} & set(self.decisions)
        )


def _reply(text: str) -> Reply:
    return Reply(status="ok", text=text, finish_reason="stop")


def _token(spec: Mapping[str, Any], said: Said, rng: random.Random) -> str:
    """Return what is written for a side or a label, one of several spellings."""
    wanted = SIDES[said] if isinstance(said, int) else (said,)
    weak = [
        token for token, decision in spec["decisions"].items() if decision in wanted and ">>" not in token + decision
    ]
    return str(rng.choice([token for token in weak if "<" not in token]))


def _verdict_line(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    opening = rng.choice(_OPENINGS)
    if said is None:
        return _reply(f"{opening} Both have something to them; who is to say? It may be A or B, correct or incorrect.")
    token = _token(spec, said, rng)
    ends = (f"VERDICT: {token}", f"**Verdict:** {token}", f"verdict: **{token}**", f"Final verdict: [[{token}]]", token)
    return _reply(f"{opening}\n\n{rng.choice(ends)}" + rng.choice(("", "\n", "  \n\n")))


_WRAPPINGS = ("My final verdict is: [[{}]]", "Feedback: fine. [RESULT] {}", "Rating: [[{}]]", "VERDICT: {}", "{}")


def _patterned(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    """Write for the parsers that search for patterns: what the first pattern matches."""
    opening = rng.choice(_OPENINGS)
    if said is None:
        return _reply(f"{opening} I give it a 4, or A>B.")
    token = _token(spec, said, rng) if spec.get("decisions") else str(said)
    wrapped = [wrapping.format(token) for wrapping in _WRAPPINGS]
    fitting = [one for one in wrapped if (match := re.search(spec["patterns"][0], one)) and match[1] == token]
    return _reply(f"{opening}\n{fitting[0]}" + rng.choice(("", ".", "\n", " Thank you.")))


def _two_numbers(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    if said is None:
        return _reply(rng.choice(("Scores: 9 and 4", "9", "Both are fine.\n9 4", "")))
    assert isinstance(said, int)
    high = rng.choice((9, 8.5, 10))
    low = high - 4
    first, second = {1: (high, low), -1: (low, high), 0: (high, high)}[said]
    return _reply(f"{first}{rng.choice((' ', ', ', ','))}{second}\nAnswer 1 scores 1 of 10 for style.")


def _two_lines(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    opening = rng.choice(_OPENINGS)
    if said is None:
        return _reply(f"{opening}\nScore of answer 1: high\nScore of answer 2: low")
    assert isinstance(said, int)
    high = rng.choice((9, 8.5, 10))
    first, second = {1: (high, high - 4), -1: (high - 4, high), 0: (high, high)}[said]
    return _reply(f"{opening}\nScore of answer 1: {first}\nScore of answer 2: {second}" + rng.choice(("", ".", "\n\n")))


def _trailing(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    opening = rng.choice(_OPENINGS)
    if said is None:
        return _reply(f"{opening} 8/10, or 7.5, or eleven")
    return _reply(f"{opening}\n{rng.choice(('', '**', 'Grade: '))}{said}" + rng.choice(("", "\n", ".")))


def _box(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    opening = rng.choice(_OPENINGS)
    if said is None:
        return _reply(f"{opening} Step 1 looks odd.")
    assert isinstance(said, list)
    index = -1 if all(said) else said.index(False)
    return _reply(f"{opening} At first \\boxed{{7}}. No:\n\\boxed{{{index}}}" + rng.choice(("", ".", "\n")))


def _list(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    opening = rng.choice(_OPENINGS)
    if said is None:
        return _reply(f"{opening} All steps are fine: [0, 1, 2].")
    assert isinstance(said, list)
    steps = [{"correct": one, "error_type": "" if one else "calculation"} for one in said]
    written = json.dumps(steps, indent=rng.choice((None, 2)))
    return _reply(f"{opening}\n```json\n{written}\n```" if rng.random() < 0.5 else f"{opening}\n{written}")


def _tokens(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    first, second = spec["decisions"].values()
    if said is None:
        return Reply(status="ok", text="The", logprobs=[TokenLogprob(token="The", logprob=-0.1, top={"The": -0.1})])
    sure = -40.0
    top = {1: {first: 0.0, second: sure}, -1: {first: sure, second: 0.0}, 0: {first: -1.0, second: -1.0}}[int(said)]  # type: ignore[arg-type]
    likeliest = max(top, key=lambda token: top[token])
    return Reply(status="ok", text=likeliest, logprobs=[TokenLogprob(token=likeliest, logprob=top[likeliest], top=top)])


def _field(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    if said is None:
        return _reply(rng.choice(("It is met, I think.", '{"other": 1}', "{", "")))
    token: Any = _token(spec, said, rng) if spec.get("decisions") else said
    token = {"true": True, "false": False}.get(token, token)
    written = json.dumps({"reason": 'It says "7 of 10" {sic}.', spec["field"]: token}, indent=rng.choice((None, 1)))
    return _reply(rng.choice((written, f"Here it is:\n```json\n{written}\n```")))


def _score(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    opening = rng.choice(_OPENINGS)
    if said is None:
        return _reply(f"{opening} Hard to say; somewhere in between.")
    return _reply(
        f"{opening}\n\n{rng.choice(('SCORE:', '**Score:**', 'Final score:'))} {said}" + rng.choice(("", ".\n"))
    )


def _tag(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    opening, tag = rng.choice(_OPENINGS), spec["tag"]
    if said is None:
        return _reply(f"{opening} <{tag}>perhaps</{tag}>")
    return _reply(f"{opening}\n<other>No</other>\n<{tag}>{_token(spec, said, rng)}</{tag}>")


def _grades(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    if said is None:
        return _reply(rng.choice(("Both are fine.", '{"function": {"A": 3, "B": 4}}', "{} and {}")))
    first, second = {1: (5, 2), -1: (2, 5), 0: (3, 3)}[int(said)]  # type: ignore[arg-type]
    written = json.dumps({name: {"A": first, "B": second} for name in spec["criteria"]}, indent=rng.choice((None, 1)))
    return _reply(rng.choice((written, f"Grades:\n```json\n{written}\n```")))


def _word(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    if said is None:
        return _reply(rng.choice(("It is fair.", "Good\nPoor", "7", "")))
    (word,) = [word for word, grade in spec["words"].items() if grade == said]
    return _reply(rng.choice((word, f"{word}.", f"Rating: **{word.lower()}**")))


def _letters(spec: Mapping[str, Any], said: Said | None, rng: random.Random) -> Reply:
    opening = rng.choice(_OPENINGS)
    if said is None:
        return _reply(f"{opening} All of them are fine.")
    written = ", ".join(str(said))
    return _reply(rng.choice((f"{opening}\n\n[[{written}]]", f'{{"judgement": "{said}"}}', str(said))))


_STYLES: Mapping[str, Callable[[Mapping[str, Any], Said | None, random.Random], Reply]] = {
    "anchored": _verdict_line,
    "unique_decision": _patterned,
    "first_match": _patterned,
    "last_match": _patterned,
    "first_line_two_numbers": _two_numbers,
    "last_lines_two_numbers": _two_lines,
    "trailing_int": _trailing,
    "boxed_last": _box,
    "step_list": _list,
    "logprob_of_decision": _tokens,
    "json_field": _field,
    "score_line": _score,
    "tagged": _tag,
    "criteria_sums": _grades,
    "word_scale": _word,
    "letter_order": _letters,
}
"""By the parser's name; a benchmark with another parser needs an entry here."""
