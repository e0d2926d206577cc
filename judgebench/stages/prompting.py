"""From a sample to the prompt that is sent: template, worked examples, chat or completion form."""

from __future__ import annotations

from typing import Literal

from judgebench.config.schema import DatasetConfig
from judgebench.models.prompt_kind import fit
from judgebench.prompts import fill, render
from judgebench.records import Message, Prompt, Sample

PromptKind = Literal["chat", "text"]


def prompt_for(dataset: DatasetConfig, sample: Sample, kind: PromptKind) -> Prompt:
    """Return the prompt of a sample in the form that the model takes.

    Worked examples go before the question: as earlier turns for chat models, as text for completion models.

    Raises:
        ConfigError: The template names a field that the data set does not have.
    """
    where = f"datasets.{dataset.abbr}.prompt"
    question = render(dataset.prompt, sample.fields, where=where)
    shots: list[tuple[Prompt, str]] = []
    if dataset.few_shot is not None:
        for number, example in enumerate(dataset.few_shot.examples):
            place = f"datasets.{dataset.abbr}.few_shot.examples[{number}]"
            answer = fill(dataset.few_shot.answer, example, where=place)
            shots.append((render(dataset.prompt, example, where=place), answer))
    return _as_chat(question, shots) if kind == "chat" else _as_text(question, shots)


def _as_chat(question: Prompt, shots: list[tuple[Prompt, str]]) -> list[Message]:
    asked = _messages(question)
    lead = [message for message in asked if message.get("role") == "system"]
    turns: list[Message] = []
    for example, answer in shots:
        turns += [message for message in _messages(example) if message.get("role") != "system"]
        turns.append({"role": "assistant", "content": answer})
    return lead + turns + [message for message in asked if message.get("role") != "system"]


def _as_text(question: Prompt, shots: list[tuple[Prompt, str]]) -> str:
    blocks = [f"{_text(example).rstrip(' ')} {answer}" for example, answer in shots]
    return "\n\n".join([*blocks, _text(question)])


def _messages(prompt: Prompt) -> list[Message]:
    fitted = fit(prompt, "chat")
    assert isinstance(fitted, list)
    return fitted


def _text(prompt: Prompt) -> str:
    fitted = fit(prompt, "text")
    assert isinstance(fitted, str)
    return fitted
