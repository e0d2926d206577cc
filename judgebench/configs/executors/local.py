"""Tasks are processes of this machine; what runs where nothing else is named."""

from judgebench.executors import LocalExecutor

executor = dict(type=LocalExecutor)
