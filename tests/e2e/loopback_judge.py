"""A judge for tests that answers any shipped method by the parser that its prompt asks for.

It reads the prompt as a model would: what stands between fences, and the form of reply that the end of the prompt
demands. It is right about toy answers ("I think it is 4 (of twice 2)"), so verdicts can be foreseen.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from judgebench.testing.faultservice import Answer

SAID = re.compile(r"I think it is (\d+) \(of twice (\d+)\)")
_FENCED = re.compile(r"^(=== [0-9a-f]{20} ===)\n(.*?)\n\1$", re.MULTILINE | re.DOTALL)
_OPTION = re.compile(r"^VERDICT: (\S+)", re.MULTILINE)


def is_right(text: str) -> bool:
    """Whether the last toy answer in a text is right."""
    found = SAID.findall(text)
    return bool(found) and int(found[-1][0]) == 2 * int(found[-1][1])


def loopback_judge(body: dict[str, Any]) -> str | Answer:
    """Answer a request by the parser that its prompt asks for."""
    messages = body.get("messages", [])
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    users = [message["content"] for message in messages if message["role"] == "user"]
    asked = next((text for text in reversed(users) if _form(text)), users[-1] if users else str(body.get("prompt", "")))
    fenced = [text for _, text in _FENCED.findall(asked)]
    right = is_right(fenced[0]) if fenced else False
    if body.get("logprobs"):
        token = "5" if right else "1"
        if asked.endswith("Correct:"):
            token = " yes" if is_right(asked) else " no"
        entry = {"token": token, "logprob": -0.01, "top_logprobs": [{"token": token, "logprob": -0.01}]}
        return Answer(token, logprobs={"content": [entry]})
    form = _form(asked)
    pair = fenced[:2] if "nswer B" in asked or "nswer 2" in asked else []
    replies: dict[str, Callable[[], str]] = {
        "verdict": lambda: _verdict(asked, fenced, pair),
        "json": lambda: json.dumps({"verdict": "correct" if right else "incorrect"}),
        "score": lambda: f"It is as it is.\n\nSCORE: {_scale(asked)[right]}",
        "two scores": lambda: " ".join("9" if is_right(text) else "2" for text in fenced[:2]) + "\nReasons follow.",
        "many scores": lambda: " ".join("9" if is_right(text) else "2" for text in _listed(fenced[0])) + "\nReasons.",
        "tagged": lambda: f"<think>Is it 3?</think><answer>{5 if right else 1}</answer>",
        "criterion": lambda: json.dumps({"explanation": "As it says.", "criteria_met": right}),
        "points": lambda: f"Each is met or not.\n{json.dumps([most * right for most in _points(asked)])}",
        "steps": lambda: json.dumps([{"step": n, "correct": n != _wrong_step(asked)} for n in _steps(asked)]),
        "box": lambda: f"I went through them: \\boxed{{{_wrong_step(asked)}}}",
        "": lambda: "Here is what I think: it must be true and complete.",
    }
    return replies[form]()


class DrawnJudge:
    """Answers by the parser that the prompt asks for, with a verdict drawn from all that was asked.

    Equal requests have equal replies. One reply in sixteen states no verdict.

    Args:
        counted: Draw anew for the second reply to an equal request, and so on, as a judge with a temperature does.
    """

    def __init__(self, *, counted: bool = False) -> None:
        self._counts = counted
        self._replies: Counter[str] = Counter()

    def __call__(self, body: dict[str, Any]) -> str:
        """Answer a request."""
        messages, key = body["messages"], self._key(body)
        dice = random.Random(f"{key} {self._replies[key]}")
        self._replies[key] += self._counts
        users = [message["content"] for message in messages if message["role"] == "user"]
        asked = _FENCED.sub("", next((text for text in reversed(users) if _form(text)), users[-1]))
        form = _form(asked)
        if form and dice.random() < 1 / 16:
            return f"I cannot say ({dice.randrange(1000)})."
        return _drawn(form, asked, users[0], dice)

    def unsay(self, body: dict[str, Any]) -> None:
        """Take back the last reply to a request: it was never sent."""
        self._replies[self._key(body)] -= self._counts

    @staticmethod
    def _key(body: dict[str, Any]) -> str:
        return json.dumps([body["model"], body["messages"]], sort_keys=True)


def _drawn(form: str, asked: str, shown: str, dice: random.Random) -> str:
    steps = _steps(shown)
    replies: dict[str, Callable[[], str]] = {
        "verdict": lambda: f"Note {dice.randrange(1000)}.\n\nVERDICT: {dice.choice(_OPTION.findall(asked))}",
        "json": lambda: json.dumps({"verdict": dice.choice(["correct", "incorrect"])}),
        "score": lambda: f"Note {dice.randrange(1000)}.\n\nSCORE: {dice.randint(1, 5)}",
        "two scores": lambda: f"{dice.randint(1, 10)} {dice.randint(1, 10)}\nReasons follow.",
        "many scores": lambda: " ".join(str(dice.randint(1, 10)) for _ in _listed(shown)),
        "tagged": lambda: f"<think>So.</think><answer>{dice.randint(1, 5)}</answer>",
        "criterion": lambda: json.dumps({"explanation": "So.", "criteria_met": dice.random() < 0.5}),
        "points": lambda: json.dumps([dice.randint(0, int(most)) for most in _points(asked)]),
        "steps": lambda: json.dumps([{"step": number, "correct": dice.random() < 0.7} for number in steps]),
        "box": lambda: f"\\boxed{{{dice.choice([-1, *steps])}}}",
        "": lambda: f"Note {dice.randrange(1000)}: it must be true and complete.",
    }
    return replies[form]()


def _scale(asked: str) -> tuple[int, int]:
    """The ends of the scale that a prompt names last."""
    low, high = re.findall(r"from (\d+) to (\d+)", asked)[-1]
    return int(low), int(high)


def _listed(text: str) -> list[str]:
    return re.split(r"^Answer \d+:\n", text, flags=re.MULTILINE)[1:]


def _steps(asked: str) -> list[int]:
    return [int(number) for number in re.findall(r"^Step (\d+):", asked, re.MULTILINE)]


def _wrong_step(asked: str) -> int:
    """The first step that states a wrong toy answer; -1 for none."""
    parts = re.split(r"^Step (\d+):\n", asked, flags=re.MULTILINE)[1:]
    stated = [(int(number), text) for number, text in zip(parts[::2], parts[1::2], strict=True) if SAID.search(text)]
    return next((number for number, text in stated if not is_right(text)), -1)


def _points(asked: str) -> list[float]:
    found: list[float] = json.loads(re.findall(r"such as (\[.*\])", asked)[-1])
    return found


def _form(text: str) -> str:
    """The form of reply that a prompt demands; empty for free text."""
    text = _FENCED.sub("", text)  # what a candidate wrote demands nothing
    marks = {
        '{"verdict":': "json",
        '"criteria_met":': "criterion",
        "SCORE: <number>": "score",
        "only two numbers": "two scores",
        "Write on the first line only": "many scores",
        "JSON list of the points": "points",
        "one object for each step": "steps",
        "\\boxed{-1}": "box",
        "<answer>3</answer>": "tagged",
    }
    found = next((form for mark, form in marks.items() if mark in text), "")
    return found or ("verdict" if _OPTION.search(text) else "")


def _verdict(asked: str, fenced: list[str], pair: list[str]) -> str:
    options = _OPTION.findall(_FENCED.sub("", asked))
    if "HOLDS" in options:
        return "What it says is there.\n\nVERDICT: HOLDS"
    if "BIASED" in options:
        swayed = is_right(fenced[0]) and "on the substance" not in fenced[1]
        return f"I looked at it.\n\nVERDICT: {'BIASED' if swayed else 'UNBIASED'}"
    good, bad = options[0], options[1]
    if not pair:
        return f"I checked it on the substance.\n\nVERDICT: {good if is_right(fenced[0]) else bad}"
    shown = fenced[-2:] if "Context:" in asked else fenced[:2]
    first, second = (is_right(text) for text in shown)
    if "A>>B" in options:
        return f"They differ.\n\nVERDICT: {'A=B' if first == second else 'A>>B' if first else 'B>A'}"
    letter = ("C" if "C" in options else "B") if first == second else "A" if first else "B"
    return f"They differ in one point.\n\nVERDICT: {letter}"
