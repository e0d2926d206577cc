"""Each task is a job of Slurm: --executor slurm; set --override executor.partition=NAME and the like, or write your own."""

from judgebench.executors import SlurmExecutor

executor = dict(type=SlurmExecutor)
