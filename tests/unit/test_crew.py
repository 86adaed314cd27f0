"""Pieces of work, done in this process or by a cluster."""

from __future__ import annotations

import pytest

from siting import crew
from siting.crew import Failure, crew_of
from siting.errors import InputError


def halve(shared: int, number: int) -> float:
    return shared / number


def test_a_piece_that_breaks_is_a_failure_among_results():
    with crew_of(1) as workers:
        assert workers.workers == 1
        found = dict(workers.each_done(halve, 12, [3, 0, 4]))
    assert (found[3], found[4]) == (4.0, 3.0)
    assert isinstance(found[0], Failure)
    assert "ZeroDivisionError" in found[0].words


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(crew, "CONNECT_TIMEOUT_S", 1)
    with (
        pytest.raises(InputError, match="no Dask scheduler answers"),
        crew_of(scheduler="tcp://127.0.0.1:1"),
    ):
        pass


def test_an_existing_scheduler_does_the_work():
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=1, processes=False, dashboard_address=None, silence_logs=50
        ) as cluster,
        crew_of(scheduler=cluster.scheduler_address) as workers,
    ):
        found = dict(workers.each_done(halve, 12, [3, 0, 4]))
    assert (found[3], found[4]) == (4.0, 3.0)
    assert "ZeroDivisionError" in found[0].words
