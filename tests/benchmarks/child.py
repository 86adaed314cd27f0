"""Do one piece of work in a process of its own and write down what came of it.

Called by `apart`; every line that is written is one JSON object, so that whatever ends this
process leaves the best plan and bound that were known.
"""

from __future__ import annotations

import argparse
import json
import math
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from siting.plan import Plan
from siting.problem import Problem

METHODS = ("siting", "plain")
Tell = Callable[[float | None, float | None, str], None]


def main(argv: list[str]) -> None:
    """Build or solve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=["build", "prepare", "warm", *METHODS])
    parser.add_argument("--case", default="")
    parser.add_argument("--problem", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--told", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--gap", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args(argv)
    with chosen.told.open("w", encoding="utf-8") as told:
        work = {"build": _build, "prepare": _prepare, "warm": _warm}.get(chosen.work, _solve)
        work(chosen, told)


def _say(told: TextIO, **facts: Any) -> None:
    plain = {
        k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in facts.items()
    }
    told.write(json.dumps(plain) + "\n")
    told.flush()


def _used() -> tuple[float, float]:
    """Return processor time [s] and largest memory so far [GB]."""
    import resource  # not on every system

    used = resource.getrusage(resource.RUSAGE_SELF)
    per_gb = 1e9 if sys.platform == "darwin" else 1e6
    return used.ru_utime + used.ru_stime, used.ru_maxrss / per_gb


def _build(chosen: argparse.Namespace, told: TextIO) -> None:
    """Build the problem of a case and keep it for the solvers."""
    from .cases import case_of

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        problem = case_of(chosen.case).build(chosen.data, Path(scratch))
    seconds = time.perf_counter() - start
    with chosen.problem.open("wb") as file:
        pickle.dump(problem, file)
    _say(
        told,
        build_seconds=seconds,
        build_gb=_used()[1],
        nodes=len(problem.nodes),
        edges=len(problem.edges),
        zones=len(problem.zones),
        sites=len(problem.sites),
        objective=problem.objective.kind,
    )


def _prepare(chosen: argparse.Namespace, told: TextIO) -> None:
    """Time the way from layers to problem."""
    from .prepare import prepared

    edges, buildings, sites = (int(each) for each in chosen.case.split("/")[1].split("-"))
    for facts in prepared(edges, buildings, sites):
        cpu, memory = _used()
        _say(told, cpu_seconds=cpu, peak_gb=memory, **facts)


def _warm(chosen: argparse.Namespace, told: TextIO) -> None:
    """Solve small cities of all kinds, so that kernels are compiled and kept."""
    from siting.errors import SitingError
    from siting.optimise import solve

    from .cities import PIPES, QUESTIONS, Size, ask, city_problem, make_city

    start = time.perf_counter()
    for pipes in PIPES:
        problem = city_problem(make_city(Size(200, 25, 3)), pipes=pipes)
        for question in QUESTIONS:
            try:
                solve(ask(problem, question), time_limit_s=chosen.seconds, gap=0.1, threads=1)
            except SitingError:
                continue
    _say(told, seconds=time.perf_counter() - start)


def _solve(chosen: argparse.Namespace, told: TextIO) -> None:
    """Solve a problem with one of the methods, then verify the plan."""
    with chosen.problem.open("rb") as file:
        problem: Problem = pickle.load(file)
    start, before = time.perf_counter(), _used()[0]

    def tell(best: float | None, bound: float | None, phase: str) -> None:
        at, cpu = time.perf_counter() - start, _used()[0] - before
        _say(told, at=at, cpu=cpu, value=best, bound=bound, phase=phase)

    plan = _METHODS[chosen.work](problem, chosen, tell)
    seconds, (cpu, memory) = time.perf_counter() - start, _used()
    facts = {"seconds": seconds, "cpu_seconds": cpu - before, "peak_gb": memory}
    if plan is None:
        _say(told, status="no plan found in time", **facts)
        return
    proof = plan.proof
    _say(told, at=seconds, cpu=cpu - before, value=proof.incumbent, bound=proof.bound, phase="end")
    _say(
        told,
        status=str(proof.status),
        **facts,
        **_size_of(plan),
        disagreements=_disagreements(problem, plan),
    )


def _size_of(plan: Plan) -> dict[str, Any]:
    return {
        "sites_open": len(plan.sites),
        "zones_served": len(plan.zones),
        "heat_mwh": plan.heat_mwh,
        "capex_eur": plan.capex_eur,
    }


def _disagreements(problem: Problem, plan: Plan) -> list[str]:
    from siting.verify import verify_plan

    return verify_plan(problem, plan)[:3]


def _with_siting(problem: Problem, chosen: argparse.Namespace, tell: Tell) -> Plan | None:
    from siting.errors import NoPlanError
    from siting.optimise import solve
    from siting.optimise.progress import Progress

    last: list[tuple[float | None, float | None, str]] = [(None, None, "")]

    def progress(now: Progress) -> None:
        known = (now.incumbent, now.bound, now.phase)
        if known != last[0]:
            last[0] = known
            tell(*known)

    try:
        return solve(
            problem,
            gap=chosen.gap,
            time_limit_s=chosen.seconds,
            threads=chosen.threads,
            progress=progress,
        )
    except NoPlanError:
        return None


def _plainly(problem: Problem, chosen: argparse.Namespace, tell: Tell) -> Plan | None:
    from .baseline import solve_plainly

    return solve_plainly(
        problem,
        gap=chosen.gap,
        time_limit_s=chosen.seconds,
        threads=chosen.threads,
        tell=lambda best, bound: tell(best, bound, ""),
    )


_METHODS: dict[str, Callable[[Problem, argparse.Namespace, Tell], Plan | None]] = {
    "siting": _with_siting,
    "plain": _plainly,
}


if __name__ == "__main__":
    main(sys.argv[1:])
