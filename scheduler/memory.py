"""How the interpreter's collector is set for work in sets, and how much memory a piece of work takes."""

import ctypes
import gc
import resource
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_STATM = Path("/proc/self/statm")
_ARENA_MAX = -8
"""glibc's number for "how many heaps at most"."""


def share_heap() -> None:
    """Have threads that start from now on take memory from the heap there is, where the C library can be told so.

    Each would keep a heap of its own otherwise, and give little of it back: a dozen threads that read the store now and
    then held ten megabytes for nothing.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Give memory that nothing uses back to the system, where the C library can be told so. Takes a few milliseconds.

    It keeps what a run has taken for the next one otherwise: up to a tenth of all that the process has.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def settle_collector() -> None:
    """Have the collector look rarely and leave alone what was loaded at the start.

    A batch makes thousands of short-lived rows without cycles; looking for cycles among them took a tenth of a run.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def resident_mib() -> float:
    """Memory of this process now, in MiB; where the system does not tell, its peak so far."""
    if _STATM.exists():
        return int(_STATM.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Growth:
    """Watches from a thread how far memory grows while the `with` block works; `mib` is the answer."""

    def __init__(self, every_seconds: float = 0.02) -> None:
        self.mib = 0.0
        self._every = every_seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._start = resident_mib()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(self._every):
            self.mib = max(self.mib, resident_mib() - self._start)
