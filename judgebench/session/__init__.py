"""A run from its request to its outcome, for every door: the command line, Python, a test, a service.

A session prints nothing, sets no environment variable of the process, and takes signals only where it runs in the main
thread. Who wants to hear a run passes a listener.
"""
