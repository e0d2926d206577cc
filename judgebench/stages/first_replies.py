"""What the first replies to a judge show: whether scoring will find what it needs in the recording."""

from __future__ import annotations

import logging

from judgebench.errors import RAISED_BY_OTHERS, ConfigError, EndpointError
from judgebench.judges.core.contract import CallFailedError, JudgeMethod, NotRecordedError, lacks_logprobs
from judgebench.models.contract import ModelConfig, ServiceConfig
from judgebench.stages.asks import Questions, RecordingAsk, ReplayAsk

JUDGED_AGAIN = 3
"""Items of a task that are judged a second time from their own replies, which costs no request."""

logger = logging.getLogger(__name__)


async def check_repeatable(method: JudgeMethod, questions: Questions, ask: RecordingAsk, abbr: str) -> None:
    """Give up at the first items of a method that asks other questions when it judges an item once more.

    Scoring runs it again on the recording, which would hold none of them, and each ``--reuse`` would pay for all.

    Args:
        method: The method.
        questions: Makes the requests of its questions.
        ask: What it asked about the item.
        abbr: Of the judge.

    Raises:
        ConfigError: It does.
    """
    try:
        await method.judge(ask.case, ReplayAsk(questions, ask.case, ask.made))
    except NotRecordedError:
        raise ConfigError(
            f"The method of {abbr!r} asks other questions when it judges item {ask.case.id} once more, "
            "so no verdict could be derived from the recorded replies.",
            hint="Let its questions follow from the item and the replies alone: no time, no random numbers, "
            "nothing that it remembers of other items.",
        ) from None
    except CallFailedError:
        return  # it copes with a failed call, or not: that is no matter of what it asks
    except RAISED_BY_OTHERS as error:  # scoring will meet the same, about the item
        logger.warning("item %d: judged once more, the method raised %r", ask.case.id, error)


def check_logprobs(method: JudgeMethod, config: ModelConfig, ask: RecordingAsk, name: str) -> None:
    """Give up at the first replies of a service that leaves out the log-probabilities that the method reads.

    Args:
        method: The method.
        config: Of the judge model.
        ask: What was asked about an item.
        name: Of the task.

    Raises:
        EndpointError: It does.
    """
    if isinstance(config, ServiceConfig) and lacks_logprobs(method, ask.answered):
        raise EndpointError(
            f"The judge of {name} reads log-probabilities, but its service gives none.",
            hint="Use a method that reads the text, such as RubricScore with read='number', "
            "or a service that gives log-probs (vLLM, SGLang and llama.cpp do).",
        )
