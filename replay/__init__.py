"""Recorded judges through the whole pipeline, and every published figure compared with ours.

``python -m replay --data-dir FOLDER`` reads which recordings a folder holds, makes each of them a ``ReplayModel``, runs
those of each benchmark in one ``jb`` and compares what comes out with the ``expected.json`` files beside them.
Nothing here knows the name of a recorded judge.
"""
