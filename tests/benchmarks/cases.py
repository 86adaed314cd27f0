"""List what is measured: families of cases, each with its problem, time and target."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from crosscheck.instances import (
    fixed_charge_flow,
    prize_collecting,
    published_optimum,
    read_tree,
    steiner_tree,
)

from siting.problem import Problem

from .cities import SIZES, ask, city_problem, make_city
from .real_streets import PACKAGED, REAL

__all__ = ["FAMILIES", "Case", "Scale", "Target", "all_cases", "case_of"]

FAMILIES = ("steiner", "cities", "streets", "prepare")
SEED_MARK = "@"
STEINER_GAP, NET_VALUE_GAP = 4e-3, 5e-5


@dataclass(frozen=True)
class Target:
    """What is asked of a case: a proven gap [-] within a time [s], and within memory [GB]."""

    gap: float
    seconds: float
    memory_gb: float | None = None


@dataclass(frozen=True)
class Scale:
    """How a value of the problem reads in the words of its source: ``offset - value``, or as is.

    A prize-collecting tree is published as cost plus lost prizes, which is all prizes less the net
    value; gaps are then relative to that.
    """

    offset: float | None = None

    def shown(self, value: float | None) -> float | None:
        """Return a value as it is published."""
        if value is None or self.offset is None:
            return value
        return self.offset - value


@dataclass(frozen=True)
class Case:
    """One question that is measured.

    Parameters
    ----------
    key
        Name in tables and on the command line, the family first.
    build
        Returns the problem; takes the folder of reference data and a scratch folder.
    time_limit_s, gap
        What both solvers are given [s], [-].
    target
        What issue and design ask for, if they name the case.
    optimum
        Returns the published optimum, in the words of the source.
    scale
        Returns how values read in those words.
    needs_data
        Whether the folder of reference data is needed.
    """

    key: str
    build: Callable[[Path, Path], Problem]
    time_limit_s: float
    gap: float
    target: Target | None = None
    optimum: Callable[[Path], float] | None = None
    scale: Callable[[Path], Scale] = field(default=lambda folder: Scale())
    needs_data: bool = False

    @property
    def family(self) -> str:
        """The first word of the key."""
        return self.key.split("/")[0]


def all_cases(seed: int = 1) -> dict[str, Case]:
    """Return every case by its key, in the order of the tables.

    A seed other than 1 gives other cities, with the seed in their keys, and nothing else.
    """
    if seed != 1:
        return {case.key: case for case in _cities(seed)}
    return {case.key: case for case in (*_steiner(), *_cities(), *_streets())}


def case_of(key: str) -> Case:
    """Return the case of a key."""
    seed = key.partition(SEED_MARK)[2]
    return all_cases(int(seed or 1))[key]


# Published instances ------------------------------------------------------------------------------

TREES = ("I056", "I052", "I085", "I045", "G207")
PRIZES = (
    *("K100.1", "K100.9", "P100", "K400.6", "C01-A", "C11-A", "D01-A", "D11-A"),
    *("i101M1", "i105M1", "i203M2"),
)
FLOWS = ("sp80x160", "r20x100", "g40x132", "g55x188")


def _steiner() -> Iterable[Case]:
    target = Target(gap=5e-3, seconds=60)
    for name in TREES:
        yield _published(name, f"{name}.gr.xz", _tree, STEINER_GAP, target)
    for name in PRIZES:
        yield _published(name, f"{name}.stp.xz", _prizes, NET_VALUE_GAP, target, _less_prizes)
    for name in FLOWS:
        yield _published(name, f"{name}.inc.xz", fixed_charge_flow, STEINER_GAP, None)


def _tree(path: Path) -> Problem:
    return steiner_tree(read_tree(path))


def _prizes(path: Path) -> Problem:
    return prize_collecting(read_tree(path))


def _less_prizes(path: Path) -> Scale:
    return Scale(sum(read_tree(path).prizes.values()))


def _published(
    name: str,
    file: str,
    read: Callable[[Path], Problem],
    gap: float,
    target: Target | None,
    scale: Callable[[Path], Scale] = lambda path: Scale(),
) -> Case:
    def folder(data: Path) -> Path:
        return data / "steiner"

    return Case(
        key=f"steiner/{name}",
        build=lambda data, scratch: read(folder(data) / file),
        time_limit_s=60,
        gap=gap,
        target=target,
        optimum=lambda data: published_optimum(folder(data), file),
        scale=lambda data: scale(folder(data) / file),
        needs_data=True,
    )


# Synthetic cities ---------------------------------------------------------------------------------

ASKED: tuple[tuple[str, str, str, float, Target | None], ...] = (
    # size, pipes, question, time limit, target
    ("1k", "affine", "ratio", 30, None),
    ("1k", "catalogue", "ratio", 30, None),
    ("5k", "affine", "ratio", 30, Target(0.01, 30)),
    ("5k", "catalogue", "ratio", 30, Target(0.01, 30)),
    ("5k", "affine", "minimum_heat", 120, Target(0.02, 120)),
    ("5k", "affine", "budget", 120, Target(0.02, 120)),
    ("5k", "catalogue", "minimum_heat", 120, Target(0.02, 120)),
    ("5k", "catalogue", "budget", 120, Target(0.02, 120)),
    ("district", "affine", "forced", 60, Target(1e-4, 60)),
    ("streets", "affine", "forced", 60, Target(1e-4, 60)),
    ("district", "affine", "choose", 120, Target(0.02, 120)),
    ("streets", "affine", "choose", 120, Target(0.02, 120)),
    ("20k", "affine", "ratio", 120, None),
    ("20k", "catalogue", "ratio", 120, None),
    ("20k", "affine", "minimum_heat", 600, Target(0.05, 600)),
    ("20k", "affine", "budget", 600, Target(0.05, 600)),
    ("20k", "catalogue", "minimum_heat", 600, Target(0.05, 600)),
    ("20k", "catalogue", "budget", 600, Target(0.05, 600)),
    ("100k", "affine", "ratio", 600, Target(0.02, 600, 4.0)),
    ("100k", "catalogue", "ratio", 600, Target(0.02, 600, 4.0)),
    ("500k", "affine", "ratio", 600, None),
)


def _cities(seed: int = 1) -> Iterable[Case]:
    mark = "" if seed == 1 else f"{SEED_MARK}{seed}"
    for size, pipes, question, seconds, target in ASKED:
        yield Case(
            key=f"cities/{size}-{pipes}-{question}{mark}",
            build=_city(size, pipes, question, seed),
            time_limit_s=seconds,
            gap=0.01 if target is None else 0.98 * target.gap,
            target=target,
        )


def _city(size: str, pipes: str, question: str, seed: int) -> Callable[[Path, Path], Problem]:
    def build(data: Path, scratch: Path) -> Problem:
        return ask(city_problem(make_city(SIZES[size], seed), pipes=pipes, name=size), question)

    return build


# Real streets -------------------------------------------------------------------------------------


def _streets() -> Iterable[Case]:
    small = Target(gap=1e-3, seconds=10)
    yield Case(
        key="streets/kotka", build=PACKAGED["kotka"], time_limit_s=30, gap=9e-4, target=small
    )
    yield Case(key="streets/helsinki", build=PACKAGED["helsinki"], time_limit_s=60, gap=0.02)
    for name, build in REAL.items():
        yield Case(key=f"streets/{name}", build=build, time_limit_s=120, gap=0.02, needs_data=True)
