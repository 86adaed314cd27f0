"""Pipes sized for peaks, from the study file to a verified run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import siting
from siting.errors import VerificationError
from siting.hydraulics import pipe_checks
from siting.study import Run
from siting.study.again import read_run
from siting.verify import verify_folder


def run(small_study: Path, **network: object) -> Run:
    study = siting.read_study(small_study / "study.toml")
    quick = {"gap": 0.15, "time_limit_s": 30.0}
    return study.with_changes(network=network, solver=quick).run()


def carried(done: Run) -> dict[str, float]:
    """Return what the size of each pipe carries in full [MW]."""
    most = dict(
        zip(done.assembly.all_sizes.labels, done.assembly.all_sizes.capacity_mw, strict=True)
    )
    return {pipe.edge: float(most[str(pipe.size)]) for pipe in done.plan.pipes}


def test_base_load_runs_once_and_tells_of_the_water(small_study: Path) -> None:
    done = run(small_study)
    kpis = done.appraisal.kpis()
    assert done.assembly.peak_sizing is None
    assert "peak_sizing_rounds" not in kpis
    assert kpis["pump_power_kw"] > 0
    assert 0 < kpis["pumping_share"] < 0.03
    assert 0 < kpis["worst_path_m"] < sum(pipe.length_m for pipe in done.plan.pipes) + 1e-6
    pipes = done.frames.pipes
    assert (pipes["velocity_m_per_s"] > 0).all()
    assert (pipes["pressure_gradient_pa_per_m"] <= 150 * 1.000001).all()
    assert (pipes["supply_drop_summer_k"] >= pipes["supply_drop_k"]).all()
    assert all(each.passes for each in pipe_checks(done.plan, done.assembly.all_sizes))
    assert "Water in the pipes" in (done.folder / "report.html").read_text(encoding="utf-8")
    verify_folder(done.folder)


def test_pipes_carry_the_peaks(small_study: Path) -> None:
    done = run(small_study, pipes_carry="peak", simultaneity="thermos", peak_rounds=10)
    sizing = done.assembly.peak_sizing
    assert sizing is not None
    assert sizing.ending in {"stable", "damped"}, sizing.in_words
    assert 2 <= len(sizing.rounds) <= 10
    assert sizing.rounds[0].too_small > 0
    assert sizing.too_small == 0
    most, peaks = carried(done), sizing.peaks_mw
    streets = [p.edge for p in done.plan.pipes if done.assembly.edge_kinds[p.edge] != "service"]
    assert streets
    assert all(peaks[edge] <= most[edge] * 1.000001 for edge in streets)
    assert any(
        peaks[pipe.edge] > 1.2 * pipe.flow_mw for pipe in done.plan.pipes if pipe.edge in streets
    )
    checks = pipe_checks(done.plan, done.assembly.all_sizes, peaks)
    assert all(each.passes for each in checks if each.edge in streets)
    kpis = json.loads((done.folder / "kpis.json").read_text(encoding="utf-8"))
    assert kpis["peak_sizing_ending"] == sizing.ending
    assert kpis["peak_sizing_rounds"] == len(sizing.rounds)
    assert kpis["pump_power_kw"] > 0
    verify_folder(done.folder)
    again, _ = read_run(done.folder)
    assert again.assembly.peak_sizing == sizing
    assert again.appraisal.kpis() == done.appraisal.kpis()
    manifest = json.loads((done.folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["peak_ratios"][streets[0]] *= 0.9
    (done.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(VerificationError, match="capacity_mw"):
        verify_folder(done.folder)


def test_a_catalogue_of_ones_own_and_a_choice_of_sizes(small_study: Path) -> None:
    (small_study / "own.csv").write_text(
        "label,nominal_diameter,inner_diameter_mm,velocity_cap_m_per_s,cost_eur_per_m,"
        "heat_transfer_w_per_m_k\n"
        "P50,50,54.5,1.2,500,0.15\nP80,80,82.5,1.8,600,0.17\nP150,150,160.3,2.5,900,0.25\n",
        encoding="utf-8",
    )
    done = run(small_study, catalogue="own.csv", pipe_sizes=["P80", "P150"])
    assert {pipe.size for pipe in done.plan.pipes} <= {"P80", "P150"}
    manifest = json.loads((done.folder / "manifest.json").read_text(encoding="utf-8"))
    assert "own.csv" in manifest["inputs"]
    verify_folder(done.folder)
