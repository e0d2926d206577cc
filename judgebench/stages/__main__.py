"""A task process: ``python -m judgebench.stages PLAN TASK_ID``."""

from __future__ import annotations

import sys

from judgebench.stages.task import main

sys.exit(main(sys.argv[1:]))
