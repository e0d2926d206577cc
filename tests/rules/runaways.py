"""Functions that run away, for the tests of the pool."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def warm_up():
    time.sleep(1.0)


def echo(*values):
    return list(values)


def spin():
    while True:
        pass


def spin_in_c():
    return len(str(10 ** (10**8)))  # one call into C that keeps the interpreter lock


def spin_with_pid(path):
    note_pid(path)
    return 3 ** (10**9) % 7


def hoard():
    return len(bytearray(1 << 33))


def hoard_and_hide():
    held = []
    try:
        while True:
            held.append(bytearray(1 << 24))
    except MemoryError:
        held.clear()
    return "fine"


def die():
    os._exit(3)


def fail():
    raise ValueError("of course")


def loud():
    print("shouted")
    sys.stdout.flush()
    os.write(1, b"written\n")
    return "said"


def note(path, text):
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)
    return text


def nap(seconds, value):
    time.sleep(seconds)
    return value


def pid():
    return os.getpid()


def note_pid(path):
    Path(path).write_text(str(os.getpid()), "utf-8")
    return True


def nap_with_pid(seconds, path):
    note_pid(path)
    time.sleep(seconds)
    return "slept"


def variables(beginning):
    return sorted(name for name in os.environ if name.startswith(beginning))
