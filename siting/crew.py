"""Let many independent pieces of work be done side by side: here, by a Dask cluster, or by one."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from siting.errors import Fault, InputError, SitingError

__all__ = ["Crew", "Failure", "crew_of"]

log = logging.getLogger(__name__)

T = TypeVar("T")
CONNECT_TIMEOUT_S = 20


@dataclass(frozen=True)
class Failure:
    """A piece of work whose worker died, or that ended in a fault of the program."""

    words: str


class Crew(Protocol):
    """Whoever does the work."""

    @property
    def workers(self) -> int:
        """How many pieces of work can be done at once."""

    def each_done(
        self, work: Callable[[Any, T], Any], shared: Any, items: Sequence[T]
    ) -> Iterator[tuple[T, Any]]:
        """Yield each item with its result, or a `Failure`, as soon as it is done."""


class _OneProcess:
    """The process that asks, one item after the other."""

    @property
    def workers(self) -> int:
        """How many pieces of work can be done at once."""
        return 1

    def each_done(
        self, work: Callable[[Any, T], Any], shared: Any, items: Sequence[T]
    ) -> Iterator[tuple[T, Any]]:
        for item in items:
            try:
                yield item, work(shared, item)
            except SitingError:
                raise
            except Exception as error:
                log.exception("a piece of work failed")
                yield item, Failure(f"{type(error).__name__}: {error}")


class _Cluster:
    """The workers of a Dask client."""

    def __init__(self, client: Any) -> None:
        self.client = client

    @property
    def workers(self) -> int:
        """How many pieces of work can be done at once."""
        return sum(self.client.nthreads().values())

    def each_done(
        self, work: Callable[[Any, T], Any], shared: Any, items: Sequence[T]
    ) -> Iterator[tuple[T, Any]]:
        import distributed

        if not items:
            return
        # What all pieces share travels to each worker once.
        there = self.client.scatter(shared, broadcast=True, hash=False)
        futures = {self.client.submit(work, there, item, pure=False): item for item in items}
        try:
            for future in distributed.as_completed(list(futures)):
                item = futures[future]
                error = future.exception()
                if isinstance(error, SitingError):
                    raise error
                if error is not None:
                    yield item, Failure(f"{type(error).__name__}: {error}")
                else:
                    yield item, future.result()
                future.release()
        finally:
            self.client.cancel(list(futures), force=True)


@contextmanager
def crew_of(workers: int | None = None, scheduler: str | None = None) -> Iterator[Crew]:
    """Give a crew: a local Dask cluster by default, or the workers of an existing scheduler.

    Parameters
    ----------
    workers
        Processes of the local cluster; one for each core by default. With 1 there is no cluster:
        this process does the work.
    scheduler
        Address of an existing Dask scheduler, such as ``tcp://node7:8786``. Its workers need the
        same version of this package.

    Raises
    ------
    InputError
        There is no scheduler at the address, or it has no workers.
    """
    if scheduler is None and (workers or os.cpu_count() or 1) == 1:
        yield _OneProcess()
        return
    try:
        import distributed
    except ImportError as error:
        raise InputError(
            Fault(
                "study",
                "several workers need 'distributed', which is not installed.",
                "Install it with 'pip install distributed', or give '--workers 1'.",
            )
        ) from error
    with _client(distributed, workers or os.cpu_count() or 1, scheduler) as client:
        yield _Cluster(client)


@contextmanager
def _client(distributed: Any, workers: int, scheduler: str | None) -> Iterator[Any]:
    """Give a client of a scheduler, or of a cluster of processes with one thread each."""
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, timeout=CONNECT_TIMEOUT_S)
        except (OSError, ValueError) as error:
            raise InputError(
                Fault(
                    "study",
                    f"no Dask scheduler answers at '{scheduler}': {error}.",
                    "Check the address, or leave --scheduler out for a cluster on this machine.",
                )
            ) from error
        with client:
            if not client.nthreads():
                raise InputError(
                    Fault(
                        "study",
                        f"the Dask scheduler at '{scheduler}' has no workers.",
                        f"Start some with 'dask worker {scheduler}'.",
                    )
                )
            yield client
        return
    with warnings.catch_warnings():
        # A taken dashboard port is of no importance here, as no dashboard is started.
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        )
    with cluster, distributed.Client(cluster) as client:
        yield client
