"""Work shared out over processes: the same tasks, in the same order, whoever does them.

A task is a picklable function of one argument. With one process it runs here; with more, on a standard
`concurrent.futures` executor of this machine, or on the workers of a Dask scheduler. A worker that dies is the
scheduler's to replace on a cluster; on this machine it ends the run.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from typing import Any, TypeVar

Task = TypeVar("Task")
Made = TypeVar("Made")
_WAITING_FOR_EACH = 3
"""Tasks handed out for each process, so that none is idle and none hoards."""


class WorkError(Exception):
    """The workers cannot be had, or have died; the message says what to do."""


class Workforce:
    """Who does the tasks: `executor`, or this process when it is None; `size` is how many work at once."""

    def __init__(self, executor: Executor | None = None, size: int = 1) -> None:
        self.executor, self.size = executor, size

    def map(self, function: Callable[[Task], Made], tasks: Iterable[Task]) -> Iterator[Made]:
        """What the function makes of each task, in the order of the tasks; few are handed out ahead. When it is closed,
        tasks that nobody has begun are taken back, and the others are waited for."""
        if self.executor is None:
            with undisturbed():
                for task in tasks:
                    yield function(task)
            return
        waiting: deque[Future] = deque()
        try:
            for task in tasks:
                waiting.append(self.executor.submit(function, task))
                if len(waiting) >= _WAITING_FOR_EACH * self.size:
                    yield _first_result(waiting)
            while waiting:
                yield _first_result(waiting)
        except BrokenProcessPool as error:
            message = "a worker process died; it may have run out of memory: try fewer --jobs"
            raise WorkError(message) from error
        finally:  # Nobody may still be at work, and write, while what was made is put in place or removed.
            wait([future for future in waiting if not future.cancel()])


def _first_result(waiting: deque[Future]) -> Any:
    """The result of the first of some futures, which is taken from them once it is there."""
    result = waiting[0].result()
    waiting.popleft()
    return result


@contextmanager
def workforce(jobs: int = 1, cluster: str | None = None) -> Iterator[Workforce]:
    """A workforce of some processes of this machine, or of the workers of the Dask scheduler at an address.

    The workers of a cluster must see the files under the same paths, and have the same version installed. Raises
    `WorkError` when the cluster cannot be reached.
    """
    if cluster is not None:
        with _cluster(cluster) as force:
            yield force
    elif jobs == 1:
        yield Workforce()
    else:
        with ProcessPoolExecutor(jobs, mp_context=_context(), initializer=_settle) as executor:
            try:
                yield Workforce(executor, jobs)
            except BaseException:
                executor.shutdown(wait=True, cancel_futures=True)
                raise


@contextmanager
def _cluster(address: str) -> Iterator[Workforce]:
    try:
        from distributed import Client, KilledWorker
        from distributed.comm import CommClosedError
    except ImportError as error:
        raise WorkError("--cluster needs the package distributed: pip install 'wirecopy[cluster]'") from error
    try:
        client = Client(address, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise WorkError(f"no Dask scheduler answers at {address}: {error}") from error
    try:
        n_threads = sum(client.nthreads().values())
        if not n_threads:
            raise WorkError(f"the Dask scheduler at {address} has no workers: start some with dask worker {address}")
        yield Workforce(client.get_executor(), n_threads)
    except (CancelledError, CommClosedError, KilledWorker) as error:
        message = f"the Dask scheduler at {address} or its workers are lost: {error or type(error).__name__}"
        raise WorkError(message) from error
    finally:
        client.close()


def _context() -> Any:
    """A way to start processes that is safe beside threads."""
    methods = multiprocessing.get_all_start_methods()
    if "forkserver" not in methods:
        return multiprocessing.get_context("spawn")
    forkserver.set_forkserver_preload(["__main__", "wirecopy.build"])
    resource_tracker.ensure_running()  # Which would lift the block.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # An interrupt is for the first process to take.
    try:
        forkserver.ensure_running()  # It imports while the tasks are made out.
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return multiprocessing.get_context("forkserver")


def _settle() -> None:
    """Spare a worker the search for cycles through everything that it has imported: parsing makes none. An
    interrupt is for the first process to take."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    gc.disable()


@contextmanager
def undisturbed() -> Iterator[None]:
    """No search for reference cycles while the block runs: it costs a quarter of the time, and parsing makes none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
