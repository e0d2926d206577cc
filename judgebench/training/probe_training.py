"""``jb train probe``: from examples to probes, with the figures that say what they are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from judgebench.content.prompts import MissingFieldError, fill
from judgebench.errors import DataError, UsageError, how_many
from judgebench.judges.aspects import ASPECTS
from judgebench.judges.probe_file import SUFFIX, ProbeFacts, probe_bytes
from judgebench.records.represent import Pool, Represent, StatesFacts
from judgebench.store.journal import make_folder, write_atomically
from judgebench.training import fitting
from judgebench.training.examples import LabelledText, TeacherFacts, balanced, check_labels
from judgebench.training.features import FeatureStore, text_key

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_RUN = {
    "LoRA classifier": "needs torch; jb train judge trains an adapter on the same labels",
    "RoBERTa, fine-tuned": "INSPECTOR's baseline; no weights of it are in a package registry",
}
"""Baselines of the paper that are not computed here, and why."""

_NO_RIVALS = frozenset({"probe", "shuffled labels"})
"""What the probe is not compared with: shuffled labels are a control, and no other way to judge."""
_LEAST = 20
"""Fewest examples of one aspect that can be split and searched."""
_ANSWER = "{instruction}\n\nQuestion: {{question}}\n\nAnswer: {{answer}}\n\nScore:"
_TEXT = "{instruction}\n\n{{text}}"
_INSTRUCTION = "Judge the answer to the question."


class ProbePlan(msgspec.Struct, frozen=True, kw_only=True):
    """How probes are trained.

    Attributes:
        layers: Layers to search. ``pools``: poolings to search.
        span: Which tokens are pooled.
        prompt: Template of the text; empty takes the aspect's own.
        test: Share that is held out. ``cv_parts``: of the cross-validation in the rest. ``seeds``: number of splits.
        balance: Whether every label has as many examples as the rarest.
    """

    layers: list[int]
    pools: list[Pool]
    span: Any = "item"
    prompt: str = ""
    test: float = 0.2
    cv_parts: int = 5
    seeds: int = 3
    balance: bool = True


class AspectTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The examples of one aspect, ready to be represented.

    Attributes:
        aspect: Name of the probe.
        prompt: Template of their texts.
        examples: Balanced, if that was wanted. ``texts``: one for each.
        wanted: What is asked of each text.
        counts: Of the labels before balancing.
    """

    aspect: str
    prompt: str
    examples: list[LabelledText]
    texts: list[str]
    wanted: Represent
    counts: dict[str, int]


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """A trained probe: its file, and all its figures.

    Attributes:
        path: The file. ``facts``: what it says.
        figures: By name: ``probe`` and the baselines, all on the same held-out items.
        n: Number of those items. ``classes``: the labels.
        tokens: Per text. ``seconds``: likewise.
        beside: The best baseline, by how much the probe's macro F1 exceeds its own, and the interval of that.
    """

    path: Path
    facts: ProbeFacts
    figures: dict[str, fitting.Figures]
    n: int
    classes: list[Any]
    tokens: float
    seconds: float
    beside: tuple[str, float, float, float]


AskInWords = Callable[[Sequence[str], Sequence[Any]], Awaitable[list[Any]]]
"""Asks the same model by a prompt for the label of texts; ``None`` where a reply says none."""


def prompt_of(aspect: str, examples: Sequence[LabelledText], prompt: str) -> str:
    """Return the template of an aspect's texts.

    Raises:
        UsageError: The examples have neither ``question`` and ``answer`` nor ``text``, and no prompt is given.
    """
    if prompt:
        return prompt
    instruction = ASPECTS.get(aspect, _INSTRUCTION).replace("{", "{{").replace("}", "}}")
    fields = examples[0].fields
    if fields.keys() >= {"question", "answer"}:
        return _ANSWER.format(instruction=instruction)
    if "text" in fields:
        return _TEXT.format(instruction=instruction)
    raise UsageError(
        f"The examples have the fields {', '.join(fields) or 'none'}; question and answer, or text, were expected.",
        hint="Say what the text is: --prompt 'Question: {question}...'",
    )


def prepare(aspect: str, examples: list[LabelledText], plan: ProbePlan) -> AspectTexts:
    """Choose and render the examples of one aspect.

    Raises:
        DataError: There are too few, or their labels cannot be learned.
        UsageError: The prompt does not fit them.
    """
    name = aspect or "probe"
    counts = check_labels(examples, name)
    chosen = balanced(examples) if plan.balance else examples
    if len(chosen) < _LEAST or min(counts.values()) < 4:
        said = ", ".join(f"{label}: {count}" for label, count in counts.items())
        raise DataError(
            f"{name}: {how_many(len(chosen), 'example')} of the labels {said} cannot be split into training and test.",
            hint=f"Give at least {_LEAST} in all and 4 of each label, or make fewer labels: --above 3",
        )
    prompt = prompt_of(aspect, chosen, plan.prompt)
    try:
        texts = [fill(prompt, one.fields, where="--prompt") for one in chosen]
    except MissingFieldError as error:
        raise UsageError(error.message, hint="Every example must have the fields of the prompt.") from error
    facts = ProbeFacts(
        name=name,
        kind="lr",
        prompt=prompt,
        represent=Represent(layers=plan.layers, pools=plan.pools, span=plan.span),
        states=StatesFacts(),
    )
    return AspectTexts(
        aspect=name,
        prompt=prompt,
        examples=chosen,
        texts=texts,
        wanted=facts.wanted(),
        counts={str(label): count for label, count in counts.items()},
    )


async def train(
    prepared: AspectTexts,
    plan: ProbePlan,
    store: FeatureStore,
    teacher: TeacherFacts,
    out: Path,
    *,
    ask: AskInWords | None = None,
) -> Trained:
    """Fit the probe of one aspect, compare it with the baselines and write its file.

    Raises:
        DataError: Too many texts have no states.
        DiskError: The file cannot be written.
    """
    import numpy as np

    keys = [text_key(text, prepared.wanted) for text in prepared.texts]
    lines = [store.lines[key][1] for key in keys]
    kept = [number for number, line in enumerate(lines) if not line.failed]
    if len(kept) < _LEAST:
        first = next(line.failed for line in lines if line.failed)
        raise DataError(f"{prepared.aspect}: {len(kept)} of {len(keys)} texts have states; the others failed: {first}")
    examples = [prepared.examples[number] for number in kept]
    texts = [prepared.texts[number][prepared.wanted.item_from :] for number in kept]
    groups = [one.group for one in examples]
    labels = np.array([one.label for one in examples])
    states = store.matrix([keys[number] for number in kept])
    classes = sorted(set(labels.tolist()))
    runs = [_one_split(states, labels, groups, texts, plan, seed) for seed in range(plan.seeds)]
    split, probe, choice, predictions = runs[0]
    truth = labels[split.test].tolist()
    tested = [groups[number] for number in split.test]
    if ask is not None:
        predictions = {
            **predictions,
            "the same model, asked": await ask([prepared.texts[kept[n]] for n in split.test], classes),
        }
    figures = {}
    for name, found in predictions.items():
        spread = [_macro(run, name, labels, classes) for run in runs if name in run[3]]
        note = ""
        if name == "the same model, asked":
            unread = sum(one is None for one in found)
            note = f"{unread} of {len(found)} replies named no label" if unread else ""
        figures[name] = msgspec.structs.replace(
            fitting.scored(truth, found, classes, tested), by_seed=spread, note=note
        )
    best = max((name for name in predictions if name not in _NO_RIVALS), key=lambda name: figures[name].macro_f1)
    beside = (best, *fitting.difference(truth, predictions["probe"], predictions[best], classes, tested))
    represent = Represent(layers=[plan.layers[choice.layer]], pools=[plan.pools[choice.pool]], span=plan.span)
    assert store.facts is not None
    chosen_states = msgspec.structs.replace(store.facts, layers=represent.layers, pools=list(represent.pools))
    facts = ProbeFacts(
        name=prepared.aspect,
        about=ASPECTS.get(prepared.aspect, "").partition(":")[0],
        kind="lr",
        prompt=prepared.prompt,
        represent=represent,
        states=chosen_states,
        teacher=teacher.name,
        training={
            "rows": len(split.train),
            "labels": {str(label): count for label, count in Counter(labels[split.train].tolist()).items()},
            "labels_before_balancing": prepared.counts,
            "no_states": len(keys) - len(kept),
            "layers_searched": plan.layers,
            "pools_searched": list(plan.pools),
            "strengths_searched": list(fitting.STRENGTHS),
            "strength": choice.strength,
            "cv_parts": plan.cv_parts,
            "selected_cross_validated_macro_f1": round(choice.selected, 4),
            "seed": 0,
        },
        held_out={"n": len(truth), **{name: msgspec.to_builtins(one) for name, one in figures.items()}},
    )
    make_folder(out, "--out")
    path = out / f"{prepared.aspect}{SUFFIX}"
    write_atomically(path, probe_bytes(facts, probe))
    return Trained(
        path=path,
        facts=facts,
        figures=figures,
        n=len(truth),
        classes=classes,
        tokens=sum(line.tokens for line in lines) / len(lines),
        seconds=sum(line.seconds for line in lines) / len(lines),
        beside=beside,
    )


_Run = tuple[fitting.Split, Any, fitting.ProbeChoice, dict[str, list[Any]]]


def _one_split(
    states: NDArray[Any], labels: NDArray[Any], groups: list[str], texts: list[str], plan: ProbePlan, seed: int
) -> _Run:
    """Split, choose, fit, and predict the held-out part by the probe and by each baseline."""
    import numpy as np

    split = fitting.split_by_group(labels, groups, share=plan.test, seed=seed)
    own = [groups[number] for number in split.train]
    known = labels[split.train]
    choice = fitting.choose(states[split.train], known, own, cv_parts=plan.cv_parts, seed=seed)
    features = states[:, choice.layer, choice.pool]
    probe = fitting.fitted(features[split.train], known, choice.strength)
    unseen = features[split.test].astype("float64")
    mixed = np.random.default_rng(seed).permutation(known)
    most = Counter(known.tolist()).most_common(1)[0][0]
    searched = {"cv_parts": plan.cv_parts, "seed": seed}
    predictions = {
        "probe": probe.predict(unseen),
        "TF-IDF of words": fitting.predicted_by_words(texts, labels, groups, split, **searched),
        "length alone": fitting.predicted_by_features(fitting.by_length(texts), labels, groups, split, **searched),
        "most frequent label": [most] * len(split.test),
        "shuffled labels": fitting.fitted(features[split.train], mixed, choice.strength).predict(unseen),
    }
    return split, probe, choice, predictions


def _macro(run: _Run, name: str, labels: NDArray[Any], classes: list[Any]) -> float:
    split, _, _, predictions = run
    return round(fitting.scored(labels[split.test].tolist(), predictions[name], classes).macro_f1, 4)
