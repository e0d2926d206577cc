"""The made-up answer about which a judge is asked before the run."""

from __future__ import annotations

import base64
import hashlib

from judgebench.content.attachments import Attachments
from judgebench.content.parts import Image
from judgebench.judges.core.contract import Case
from judgebench.records.flow import Sample
from judgebench.records.run import JudgeConfig

_GREY = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAKUlEQVR42u3MQREAAA"
    "wCIKMb3RD77SAA6VEEAoFAIBAIBAKBQCAQfA8G320AeXC6efoAAAAASUVORK5CYII="
)
"""A grey PNG of 64 x 64 pixels: some models take no smaller ones."""


def shows_answers_images(judge: JudgeConfig) -> bool:
    """Whether a judge's prompt shows images of answers."""
    return "_images}" in str(judge.method.options)


def trial_case(sample: Sample, judge: JudgeConfig, kept: Attachments | None) -> Case:
    """Return a sample whose answer is its own reference, and another answer for judges that compare.

    Its image is the sample's own, or a grey one for a judge whose prompt shows images of answers.

    Args:
        sample: What was asked.
        judge: Who is asked about the answer.
        kept: The run's store; ``None`` where nobody is asked.
    """
    images = [value for value in sample.fields.values() if isinstance(value, Image)][:1]
    if not images and shows_answers_images(judge):
        sha256 = kept.put(_GREY) if kept else hashlib.sha256(_GREY).hexdigest()
        images = [Image(sha256=sha256, media_type="image/png")]
    reference = sample.reference[0] if isinstance(sample.reference, list) else sample.reference
    return Case(
        id=sample.id,
        uid=sample.uid,
        repeat=0,
        fields=sample.fields,
        reference=sample.reference,
        answer=f"(This is a trial question of the preflight.) {reference if reference is not None else 'No answer.'}",
        meta=sample.meta,
        baseline="(This is another trial answer.)" if judge.compare_with or judge.baseline else None,
        images=images,
        baseline_images=images,
    )
