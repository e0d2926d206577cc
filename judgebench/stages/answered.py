"""Whether a recorded answer is this model's answer to this question, where its file is not as it was left."""

from __future__ import annotations

from typing import Any

from judgebench.content.prompts import prompt_for
from judgebench.identity.questions import FileIdentity, question_settings, question_uuid, read_identity
from judgebench.models.access import configured
from judgebench.records.flow import Prediction, Sample
from judgebench.records.run import DatasetConfig
from judgebench.store.run_folder import RunFolder


class Origin:
    """Knows answers of another model, or to another question, by the hash that each carries of what was asked.

    Making the hash takes rendering the question, so a file that is as it was when it was completed is trusted.

    Args:
        run: The run folder.
        model: The tested model's config.
        dataset: The dataset.
    """

    def __init__(self, run: RunFolder, model: dict[str, Any], dataset: DatasetConfig) -> None:
        abbr = str(model["abbr"])
        files = run.files(abbr, dataset.abbr)
        self._file_identity: FileIdentity | None = read_identity(files.identity)
        self._trusted = self._file_identity is not None and self._file_identity.untouched(files.predictions)
        if not self._trusted:
            self._dataset = dataset
            self._kind = configured(model).kind.prompt_kind
            self._params, self._identity = question_settings(model, dataset)

    def is_foreign(self, sample: Sample, prediction: Prediction) -> bool:
        """Say whether an answer is another model's, or to another question."""
        if self._trusted:
            return False
        if not self._identity["model"] and self._file_identity is not None and prediction.served_model:
            served = self._file_identity.served_model  # the config leaves the name to the service
            if served and served != prediction.served_model:
                return True
        prompt = prompt_for(self._dataset, sample, self._kind)
        return prediction.uuid != question_uuid(prompt, self._params, self._identity, prediction.repeat)
