"""Scenarios: what is varied, how it is drawn, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from siting.config import SweepConfig, config_from_dict, read_sweep
from siting.errors import InputError
from siting.parameters import load_parameters
from siting.sweep.scenarios import Varied, plan_scenarios, varied_of

LAYERS = {name: {"path": f"{name}.gpkg"} for name in ("sites", "zones", "streets")}
CONFIG = config_from_dict({"layers": LAYERS, "limits": {"budget_eur": 2e6}}, "study.toml")
POWER = "electricity_price_eur_per_mwh"


def sweep(**wish) -> SweepConfig:
    return SweepConfig.model_validate(wish)


def test_number_zero_is_the_study_itself():
    base = plan_scenarios(CONFIG, sweep(vary={POWER: {}}))[0]
    assert (base.number, base.changes, base.inputs) == (0, {}, {POWER: 75.0})


def test_a_range_comes_from_the_parameter_table():
    row = load_parameters()[POWER]
    one = varied_of(CONFIG, sweep(vary={POWER: {}}))[0]
    assert (one.low, one.high, one.levels) == (row.low, row.high, (row.low, row.high))
    assert one.source == row.source


def test_one_at_a_time_changes_one_figure_and_skips_the_study_itself():
    wish = sweep(
        vary={POWER: {"low": 50, "high": 100, "steps": 5}, "limits.budget_eur": [1e6, 2e6]}
    )
    found = plan_scenarios(CONFIG, wish)[1:]
    assert [each.varied for each in found] == [POWER] * 4 + ["limits.budget_eur"]
    assert found[0].changes == {"parameters": {POWER: 50.0}}
    assert found[-1].changes == {"limits": {"budget_eur": 1e6}}
    assert found[-1].inputs == {POWER: 75.0, "limits.budget_eur": 1e6}


def test_a_grid_has_every_combination_and_a_list_goes_side_by_side():
    vary = {POWER: [50, 60], "gas_price_eur_per_mwh": [40, 50]}
    assert len(plan_scenarios(CONFIG, sweep(method="grid", vary=vary))) == 1 + 4
    rows = plan_scenarios(CONFIG, sweep(method="list", vary=vary))[1:]
    assert [tuple(each.inputs.values()) for each in rows] == [(50, 40), (60, 50)]
    with pytest.raises(InputError, match="side by side"):
        plan_scenarios(CONFIG, sweep(method="list", vary=vary | {"cop_cap": [7]}))


def test_latin_hypercube_puts_one_sample_into_each_slice():
    wish = sweep(
        method="latin_hypercube",
        samples=20,
        seed=5,
        vary={"cop_cap": {"low": 6, "high": 10, "distribution": "uniform"}, "utilisation": {}},
    )
    found = plan_scenarios(CONFIG, wish)[1:]
    slices = sorted(int((each.inputs["cop_cap"] - 6) / 4 * 20) for each in found)
    assert slices == list(range(20))
    assert [each.weight for each in plan_scenarios(CONFIG, wish)][:2] == [0.0, 1.0]


@pytest.mark.parametrize("method", ["latin_hypercube", "monte_carlo"])
def test_the_same_seed_draws_the_same_and_another_seed_does_not(method):
    def drawn(seed: int) -> list[object]:
        wish = sweep(method=method, samples=8, seed=seed, vary={POWER: {}, "cop_cap": {}})
        return [each.inputs for each in plan_scenarios(CONFIG, wish)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_distributions_keep_to_their_ranges_and_middles():
    shares = (np.arange(2000) + 0.5) / 2000
    for kind, middle in (("uniform", 5.0), ("triangular", 4.42), ("log_uniform", 3.16)):
        drawn = np.array(Varied("x", 4.0, (), 1.0, 10.0, kind).at(shares))
        assert (drawn.min() >= 1.0, drawn.max() <= 10.0) == (True, True)
        expected = {"uniform": 5.5, "triangular": 10 - np.sqrt(0.5 * 9 * 6), "log_uniform": 10**0.5}
        assert np.median(drawn) == pytest.approx(expected[kind], rel=2e-3), middle
    normal = np.array(Varied("x", 4.0, (), 1.0, 10.0, "normal").at(shares))
    assert [(normal < 1).mean(), (normal > 10).mean()] == pytest.approx([0.05, 0.05], abs=1e-3)


def test_years_and_counts_stay_whole():
    wish = sweep(method="monte_carlo", samples=9, vary={"departure_year_a": {}})
    drawn = [each.inputs["departure_year_a"] for each in plan_scenarios(CONFIG, wish)[1:]]
    assert all(isinstance(each, int) and 7 <= each <= 15 for each in drawn)


def test_a_named_scenario_changes_sections_and_may_keep_the_plan():
    wish = sweep(
        vary={POWER: [50.0]},
        scenario=[{"name": "cold", "plan": "keep", "weight": 2, "parameters": {POWER: 90.0}}],
    )
    last = plan_scenarios(CONFIG, wish)[-1]
    assert (last.name, last.optimise, last.weight) == ("cold", False, 2.0)
    assert last.inputs == {POWER: 90.0}


def test_all_faults_come_at_once_with_the_nearest_name():
    wish = sweep(
        vary={"electricty_price_eur_per_mwh": {}, "limits.budget_eur": {}, "cop_cap": {"low": 9}}
    )
    with pytest.raises(InputError) as caught:
        plan_scenarios(CONFIG, wish)
    words = [str(each) for each in caught.value.faults]
    assert len(words) == 3
    assert f"Did you mean '{POWER}'?" in words[0]
    assert "no range" in words[1]
    assert "triangular" in words[2]


def test_a_sweep_of_nothing_is_refused():
    with pytest.raises(InputError, match="asks for nothing"):
        plan_scenarios(CONFIG, sweep())


def test_a_sweep_file_may_hold_the_section_or_its_keys(tmp_path: Path):
    file = tmp_path / "sweep.toml"
    for head in ("", "[sweep]\n"):
        place = "sweep." if head else ""
        text = (
            f'{head}method = "grid"\n[{place}vary]\nlimits.budget_eur = [1.0, 2.0]\ncop_cap = [7]\n'
        )
        file.write_text(text, encoding="utf-8")
        assert list(read_sweep(file).vary) == ["limits.budget_eur", "cop_cap"]
    file.write_text("methd = 'grid'\n", encoding="utf-8")
    with pytest.raises(InputError, match="Did you mean 'method'"):
        read_sweep(file)
