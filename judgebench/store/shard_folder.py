"""Where the tasks on one shard of a run's datasets keep their files."""

from __future__ import annotations

from pathlib import Path

from judgebench.records.shards import Shard
from judgebench.store.run_folder import RunFolder


class ShardFolder(RunFolder):
    """The files of one shard, named as those of a run; what is found by its hash is kept with the run's own.

    Args:
        run: The run.
        shard: The shard.
    """

    def __init__(self, run: RunFolder, shard: Shard) -> None:
        super().__init__(run.shards / shard.folder)
        self._run = run
        self.shard = shard

    @property
    def attachments(self) -> Path:
        """Folder of the bytes to which records refer: the run's."""
        return self._run.attachments
