"""A small benchmark whose runs have something to look at: two models, two judges, a rule, and pairs in both orders.

What the models and judges say is made of the number of the question alone, so that every figure can be foreseen.
``python -m tests.viewer.stand FOLDER`` makes the runs there and says where they are.
"""

from __future__ import annotations

import json
import re
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from judgebench.testing.faultservice import Answer, FaultService, prompt_text
from tests.e2e.harness import JB, Done, run

QUESTIONS = 36
TOPICS = ("rates", "shares", "prices")


def question(number: int) -> dict[str, Any]:
    """A word problem with its reference."""
    litres, pump, leak = 180 + 12 * number, 16 + number % 5, 2 + number % 3
    minutes = -(-litres // (pump - leak))
    text = (
        f"Problem {number}. A tank holds {litres} litres. A pump fills it at {pump} litres a minute while a leak loses "
        f"{leak} litres a minute. After how many whole minutes is the tank full?"
    )
    return {"question": text, "answer": str(minutes), "name": f"tank-{number:02}", "topic": TOPICS[number % 3]}


def numbers_of(text: str) -> tuple[int, int, int, int]:
    """The number of a problem, and what it states."""
    found = re.search(
        r"Problem (\d+)\. A tank holds (\d+) litres\. A pump fills it at (\d+) .* loses (\d+) ", text, re.DOTALL
    )
    assert found, text
    return int(found[1]), int(found[2]), int(found[3]), int(found[4])


def is_wrong(model: str, number: int) -> bool:
    """Which problems a model gets wrong."""
    return number % 4 == 1 if model == "south-7b" else number % 9 == 5


class Models:
    """Both tested models.

    Args:
        shift: What the second run of the same models has changed.
    """

    def __init__(self, shift: int = 0) -> None:
        self.shift = shift

    def __call__(self, body: dict[str, Any]) -> Answer:
        """Answer a problem with its steps."""
        text = prompt_text(body)
        if "Problem" not in text:
            return Answer("OK")
        number, litres, pump, leak = numbers_of(text)
        rate = pump - leak
        exact = litres / rate
        model = body["model"]
        wrong = is_wrong(model, number + self.shift if model == "south-7b" else number)
        final = f"{exact:.2f}" if wrong and number % 2 else str(-(-litres // rate) + (3 if wrong else 0))
        way = (
            f"The tank gains **{rate} litres** a minute, because $ {pump} - {leak} = {rate} $.\n\n"
            f"$$\\frac{{{litres}}}{{{rate}}} \\approx {exact:.2f}$$\n\n"
            f"1. fill for {int(exact)} minutes\n2. then look at the rest\n\nThe answer is {final}."
        )
        thought = (
            f"Let me see. {litres} litres at {rate} a minute. {'Round up? Perhaps not.' if wrong else 'Round up.'}"
        )
        if model == "south-7b":
            way = f"Net gain: {pump} − {leak} = {rate} litres a minute, so {litres} / {rate}. The answer is {final}."
        return Answer(way, reasoning_content=thought if model == "north-7b" else "")


def judge(body: dict[str, Any]) -> str:
    """Both judges: of one answer, and of two in either order."""
    users = [one["content"] for one in body["messages"] if one["role"] == "user"]
    shown = users[-1]
    if "Problem" not in shown:
        return "VERDICT: A"
    number, litres, pump, leak = numbers_of(shown)
    right = -(-litres // (pump - leak))
    finals = [float(one) for one in re.findall(r"The answer is ([\d.]+)\.", shown)]
    pair = "Answer B" in shown or "answer B" in shown
    if pair:
        first, second = [*finals, 0.0, 0.0][:2]
        good = [one == right for one in (first, second)]
        equal = "A" if number % 5 == 0 else "C"  # of equal answers sometimes the first shown one wins
        letter = equal if good[0] == good[1] else "A" if good[0] else "B"
        return f"The first answer states {first:g}, the second {second:g}. Rounding up counts.\n\nVERDICT: {letter}"
    final = finals[-1] if finals else 0.0
    correct = final == right or (body["model"] == "quill-32b" and number % 12 in {1, 3})
    if number % 17 == 7 and body["model"] == "quill-32b":
        return (
            f"The candidate states {final:g}. It may be right if the tank need not be quite full, otherwise\n\n"
            "VERDICT: A\n\nOn reflection that is not so.\n\nVERDICT: B"
        )
    if number % 17 == 11 and body["model"] == "quill-32b":
        return f"The candidate states {final:g}, and whether that can be accepted depends on what is meant by full"
    kind = "equals the reference" if final == right else "is close to the reference" if correct else "differs from it"
    return (
        f"The candidate derives a net rate of {pump - leak} litres a minute and states {final:g}, which {kind}.\n\n"
        f"VERDICT: {'A' if correct else 'B'}"
    )


@contextmanager
def services(shift: int = 0, latency: float = 0.0) -> Iterator[tuple[FaultService, FaultService]]:
    """The service of the models and that of the judges."""
    with (
        FaultService(Models(shift), model="north-7b", latency=latency) as models,
        FaultService(judge, model="quill-32b", latency=latency) as judges,
    ):
        yield models, judges


def write_configs(folder: Path, models: FaultService, judges: FaultService, *, questions: int = QUESTIONS) -> None:
    """Write the configs and the data of the benchmark."""
    configs = folder / "configs"
    for kind in ("models", "datasets", "judges"):
        (configs / kind).mkdir(parents=True, exist_ok=True)
    rows = [question(number) for number in range(questions)]
    (folder / "tanks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in ("north-7b", "south-7b"):
        keys = {"model": name, "url": models.url, "batch_size": 4, "retry": 0}
        (configs / "models" / f"{name.replace('-', '_')}.py").write_text(
            "from judgebench.models import VLLMCustomAPIChat\n"
            f"models = [dict(type=VLLMCustomAPIChat, abbr={name!r}, **{keys!r})]\n"
        )

    def model_of(name: str) -> str:
        keys = {"model": name, "url": judges.url, "batch_size": 4, "retry": 0}
        return f"dict(type=VLLMCustomAPIChat, abbr={name!r}, **{keys!r})"

    quill, inkwell = model_of("quill-32b"), model_of("inkwell-8b")
    (configs / "datasets" / "tanks_gen.py").write_text(
        "from judgebench.datasets import JsonlDataset\n"
        "from judgebench.judges import NumberEqual\n"
        "tanks_datasets = [dict(abbr='tanks', type=JsonlDataset, path='tanks.jsonl', input_columns=['question'],\n"
        "    output_column='answer', id_column='name', meta_columns=['topic'], by=['topic'], prompt='{question}',\n"
        "    evaluator=dict(type=NumberEqual), rule_row=False, viewer=dict(columns=['topic', 'tokens']))]\n"
    )
    (configs / "judges" / "tank_judges.py").write_text(
        "from judgebench.judges import PairComparison, ReferenceVerifier\n"
        "from judgebench.models import VLLMCustomAPIChat\n"
        "judges = [\n"
        f"    dict(abbr='quill', judge_model={quill}, method=dict(type=ReferenceVerifier)),\n"
        f"    dict(abbr='inkwell', judge_model={inkwell}, method=dict(type=ReferenceVerifier)),\n"
        f"    dict(abbr='pair', judge_model={quill}, compare_with='first',\n"
        "         method=dict(type=PairComparison, levels=3, aggregate=dict(type='both_or_tie', unread='unparsed'))),\n"
        "]\n"
    )


def command(*flags: str) -> list[str]:
    """The command line of a run."""
    return [*JB, "--models", "north_7b", "south_7b", "--datasets", "tanks_gen", "--judges", "tank_judges", *flags]


def made_run(folder: Path, *, shift: int = 0, questions: int = QUESTIONS) -> tuple[Path, Done]:
    """Run the benchmark to its end."""
    with services(shift) as (models, judges):
        write_configs(folder, models, judges, questions=questions)
        done = run(command(), folder)
    return max((folder / "outputs" / "default").glob("2*")), done


def png(width: int = 4, height: int = 4) -> bytes:
    """A small picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x20\x60\xc0" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(parents=True, exist_ok=True)
    for changed in (0, 2):
        where, finished = made_run(place, shift=changed)
        print(where, finished.code, f"{finished.seconds:.1f} s")
        print(finished.text)
