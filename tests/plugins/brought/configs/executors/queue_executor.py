"""Tasks are told the name of a queue."""

from queue_executor import QueueExecutor

executor = dict(type=QueueExecutor, queue="${QUEUE_NAME:-long}", resources=dict(infer=dict(cores=2)))
