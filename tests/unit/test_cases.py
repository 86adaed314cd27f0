"""Published projects: every check comes out, flags are raised, and wrong files are refused."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest

from siting import sources
from siting.cases import FORMATS, Verdict, read_case, read_cases, rendered, run_case, run_cases
from siting.cases.expressions import ExpressionError, evaluate, parsed
from siting.cases.formulas import FORMULAS
from siting.cases.quantities import Quantity, UnitError, unit
from siting.cases.read import case_files, source_addresses
from siting.errors import InputError
from siting.parameters import load_parameters

CASES = {case.name: case for case in read_cases()}
OUTCOMES = {name: run_case(case) for name, case in CASES.items()}
CHECKS = {check.id: check for outcome in OUTCOMES.values() for check in outcome.checks}

# Worked out apart from the package, from the same published and assumed figures.
BY_HAND = {
    "T-a": 3.098, "T-b": 2_250, "T-b2": 0.5333, "T-d": 0.15567, "T-d2": 1_401, "T-e": 1.0112,
    "T-f": 1.7968, "E-a": 106.5, "E-b": 99.47, "E-d": 4.0889, "E-e2": 0.98627, "E-f": 1.8054,
    "E-f2": 1.0850, "E-f3": 1.4493, "E-g": 187.8, "E-h": 27.5, "H-a": 99.3, "H-b": 3.971,
    "H-c": 13.24, "H-d": 11.254, "O-a": 4.85, "O-b": 1.0087, "O-c": 29.97, "O-d": 4_777.8,
    "O-e": 4.199, "O-e2": 7.1667, "Ha-a": 0.328, "Ha-a2": 3.037, "Ha-b": 3.627, "Ha-c": 3.986,
    "Q-a": 4_916.5, "Q-b": 0.5911, "Q-c": 70.2, "Q-d": 2.549, "Q-e": 1.68, "P-a": 9_500,
    "P-b": 53.25, "P-c": 1_042.1, "P-c2": 0.8202, "P-d": 0.3636, "P-e": 25.26, "L-a": 9_423.1,
    "L-b": 0.2358, "L-c": 3.75, "R-a": 1.2963, "R-b": 4.077, "R-e": 35.71, "C-a": 0.1634,
    "C-b": 0.183, "C-c": 0.2147, "C-d": 0.2, "C-e": 0.1667, "C-f": 0.1167, "C-g": 0.4348,
    "W-a": 4.5045, "W-b": 6.5553, "W-c": 0.36054, "W-d": 0.85890, "W-e": 31.9984, "W-f": 93.680,
    "Q-g": 1.12, "T-h": 0.5506, "E-e": 0.8619, "W-g": 1.0737, "W-h": 0.4445, "W-i": 5_333.6,
}  # fmt: skip
IMPOSSIBLE = {"E-f", "P-a", "C-g"}
INCOMPARABLE = {"T-f", "E-f3", "E-g", "Q-d", "P-d2", "L-b", "R-a", "Q-g"}
WITHOUT_FIGURES = {
    "T-g", "E-i", "H-e", "O-g", "Ha-d", "Q-f", "L-d", "L-e", "L-f", "R-f", "R-g"
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the packaged cases that a test may spoil."""
    copy = tmp_path / "cases"
    shutil.copytree(case_files()["odense"].parent, copy)
    return copy


def spoil(folder: Path, old: str, new: str, name: str = "odense") -> Path:
    """Replace text in a case file, once."""
    file = folder / f"{name}.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return file


def faults_of(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_case(file)
    return str(caught.value)


@pytest.mark.parametrize("key", CHECKS)
def test_every_check_comes_out_as_expected(key: str) -> None:
    wanted = {
        **dict.fromkeys(IMPOSSIBLE, Verdict.IMPOSSIBLE),
        **dict.fromkeys(INCOMPARABLE, Verdict.INCOMPARABLE),
        **dict.fromkeys(WITHOUT_FIGURES, Verdict.MISSING),
    }
    assert CHECKS[key].verdict is wanted.get(key, Verdict.WITHIN)
    assert CHECKS[key].holds


@pytest.mark.parametrize(("key", "value"), BY_HAND.items())
def test_every_figure_is_that_worked_out_by_hand(key: str, value: float) -> None:
    assert CHECKS[key].computed == pytest.approx(value, rel=1e-3)


def test_all_cases_and_no_check_twice() -> None:
    assert set(CASES) == {
        "tallaght", "espoo", "hoje-taastrup", "odense", "hamina", "queen-mary", "old-oak",
        "english-cities", "energiraven", "co2-savings", "worked-case",
    }  # fmt: skip
    assert len(CHECKS) == sum(len(case.check) for case in CASES.values())


@pytest.mark.parametrize("key", CHECKS)
def test_every_check_can_be_traced(key: str) -> None:
    check = CHECKS[key]
    known = set(source_addresses()) | {"K", "J"}
    assert check.inputs
    assert set(check.sources) <= known
    if check.verdict is not Verdict.MISSING:
        assert check.sources


@pytest.mark.parametrize("key", sorted(IMPOSSIBLE | INCOMPARABLE | WITHOUT_FIGURES))
def test_flags_are_sentences_without_gaps(key: str) -> None:
    sentence = CHECKS[key].sentence
    assert sentence.endswith(".")
    assert "{" not in sentence


def test_old_oak_needs_more_hours_than_a_year_has() -> None:
    sentence = CHECKS["P-a"].sentence
    assert sentence.startswith("95 GWh/a from 10 MW would need 9,500 h/a")
    assert "a year has 8,760 h/a" in sentence


def test_espoo_is_flagged_for_gas_and_explained_by_coal() -> None:
    assert "replacing gas saves 0.241 t/MWh at most" in CHECKS["E-f"].sentence
    assert CHECKS["E-f2"].verdict is Verdict.WITHIN


def test_a_missing_figure_is_named() -> None:
    assert CHECKS["H-e"].sentence == "not published or not found: Investment."
    assert CHECKS["H-e"].computed is None


def test_the_spread_covers_the_ends_of_all_ranges() -> None:
    # 6,000 homes at 15 to 18.1 MWh.
    assert (CHECKS["H-a"].least, CHECKS["H-a"].most) == pytest.approx((90.0, 108.6))
    assert CHECKS["P-a"].least is None


def test_wrong_physics_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heat pump that gives no more than it takes must break the cases built on it."""
    monkeypatch.setattr(sources, "heat_pump_output", lambda source, cop: source)
    broken = {
        check.id for each in run_cases(CASES.values()) for check in each.checks if not check.holds
    }
    assert {"O-b", "W-b", "W-e", "W-g", "R-b"} <= broken


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"full_load_hours_h": 3_500}, "W-d"),
        ({"discount_rate": 0.08}, "W-f"),
        ({"heat_pump_capex_10mw_eur_per_kw": 1_300}, "W-e"),
        ({"utilisation": 0.4}, "W-b"),
        ({"cop_cap": 3}, "W-a"),
    ],
)
def test_changed_defaults_are_found(change: dict[str, float], broken: str) -> None:
    outcome = run_case(CASES["worked-case"], load_parameters(change))
    failed = {each.id for each in outcome.checks if not each.holds}
    assert broken in failed
    assert not outcome.holds


def test_wrong_inputs_leave_the_range(folder: Path) -> None:
    file = spoil(folder, "value = 666", "value = 66.6")
    outcome = run_case(read_case(file))
    assert [each.id for each in outcome.checks if not each.holds] == ["O-c"]
    assert "came to 3 MEUR; expected is 27 to 33 MEUR" in rendered([outcome], "table")


def test_a_flag_that_is_no_longer_raised_fails(folder: Path) -> None:
    file = spoil(folder, 'value = 10\nunit = "MW"', 'value = 40\nunit = "MW"', "old-oak")
    check = run_case(read_case(file)).checks[0]
    assert check.verdict is Verdict.NOT_FLAGGED
    assert not check.holds
    assert "nothing is wrong with it any more" in rendered([run_case(read_case(file))], "table")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('unit = "MDKK"', 'unit = "Mkr"', "'Mkr' in the unit 'Mkr' is not known"),
        ('unit = "MEUR"', 'unit = "MW"', "heat_per_euro() takes capex in EUR, not in MW"),
        ('sources = ["S20"]', 'sources = ["S999"]', "'S999', which has no address"),
        ('certainty = "A"', 'certainty = "D"', "'certainty': input should be 'A', 'B' or 'C'"),
        ("certainty =", "certainy =", "Did you mean 'certainty'?"),
        ('name = "Cooling water"\n', "", "[[published]] 'water_in': 'name' is missing. Add it."),
        ("value = 27", 'value = "warm"', "found 'warm'"),
        ("value = 27", "value = nan", "'value': input should be a finite number"),
        ("value = 27\n", "", "give a value, or low and high, or all three"),
        ("low = 35", "low = 45", "not in rising order"),
        ('key = "supply"', 'key = "back"', "'back' stand twice"),
        ("cop(water_in,", "cap(water_in,", "there is no formula cap(); did you mean cop()?"),
        ("cop(water_in,", "cop(watr_in,", "Did you mean 'water_in'?"),
        ("cop(water_in,", "cop(", "cop() takes (source_in, source_out"),
        ("cop(water_in,", "cop(power,", "cop() takes source_in in °C, not in MW"),
        ('compute = "extended_heat / power"', 'compute = "extended_heat ** 2"', "no calculation"),
        ('compute = "extended_heat / power"', 'compute = "extended_heat /"', "cannot be read"),
        ('compute = "extended_heat / power"', 'compute = "O_d + O_d"', "rests on itself"),
        ('compute = "extended_heat / power"', 'compute = "cost + power"', "cannot be added"),
        ('compute = "extended_heat / power"', 'compute = "default.cops"', "no default 'cops'"),
        (
            'compute = "extended_heat / power"',
            'compute = "extended_heat / (power - power)"',
            "zero",
        ),
        ('unit = "h/a"', 'unit = "h"', "the result is in h/a, not in h"),
        ('published = "cost"', 'published = "costs"', "compared with 'costs'"),
        ("low = 27\nhigh = 33\n", "", "without them nothing is checked"),
        ('id = "O-d"', 'id = "O-d"\nexpects = "impossible"', "needs its sentence"),
        ('id = "O-d"', 'id = "O-d"\nflag = "{hose}"', "names 'hose', which the case lacks"),
        ('id = "O-d"', 'id = "O-d"\nflag = "{house"', "Close the brace"),
        ("title =", "titel =", "Did you mean 'title'?"),
        ("title =", "title", "is not TOML"),
        ("value = 0.50", "value = -0.50", "a heat pump with a COP of -4.84998"),
    ],
)
def test_a_spoilt_file_is_answered_with_a_clear_fault(
    folder: Path, old: str, new: str, words: str
) -> None:
    said = faults_of(spoil(folder, old, new))
    assert words in said
    assert "odense.toml" in said


def test_all_faults_come_at_once(folder: Path) -> None:
    spoil(folder, 'unit = "MDKK"', 'unit = "Mkr"')
    spoil(folder, 'sources = ["S20"]', 'sources = ["S999"]')
    spoil(folder, 'certainty = "A"', 'certainty = "D"', "hamina")
    with pytest.raises(InputError) as caught:
        read_cases((), folder)
    assert len(caught.value.faults) == 3


def test_unknown_names_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no case 'odnse'. Did you mean 'odense'"):
        read_cases(["odnse"])
    with pytest.raises(InputError, match="holds no case file"):
        read_cases((), tmp_path)
    with pytest.raises(InputError, match="cannot read"):
        read_case(tmp_path / "none.toml")


def test_code_in_a_calculation_is_refused() -> None:
    for text in ("__import__('os')", "a.b", "[1]", "a if b else c", "cop(*a)", "True", "'x'"):
        with pytest.raises(ExpressionError):
            parsed(text)


def test_units_are_kept_apart() -> None:
    assert unit("kWh/(a EUR)").dimensions == unit("MWh/(MEUR a)").dimensions
    for one, other in (("MWh", "MWh/a"), ("EUR", "GBP"), ("MW", "MWh"), ("home", "connection")):
        with pytest.raises(UnitError, match="cannot be added"):
            Quantity.of(1, one) + Quantity.of(1, other)
    with pytest.raises(UnitError, match="more than one stroke"):
        unit("EUR/MWh/a")


def test_every_formula_takes_figures_in_any_fitting_unit() -> None:
    value = {"heat": Quantity.of(9, "GWh/a"), "capex": Quantity.of(8.9, "MEUR")}
    tree = parsed("heat_per_euro(heat, capex=capex)")
    found = evaluate(tree, value.__getitem__, load_parameters()).to("kWh/(a EUR)")
    assert found == pytest.approx(1.01124, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("heat_from_source(2, 1)", "COP of 1"),
        ("capacity_for_share(1.2, 1, 0.1)", "1.2"),
    ],
)
def test_formulas_refuse_figures_that_cannot_be(text: str, words: str) -> None:
    hours = Quantity.of(2_500, "h/a")
    tree = parsed(text.replace(", 1, 0.1", ", hours, 0.1"))
    with pytest.raises(InputError, match=words):
        evaluate(tree, {"hours": hours}.__getitem__, load_parameters())


def test_pipes_beyond_the_catalogue_are_refused() -> None:
    with pytest.raises(InputError, match="no DN 5000"):
        FORMULAS["pipe_cost"](
            load_parameters(),
            nominal_diameter=Quantity.of(5_000, "DN"),
            surface_factor=Quantity(1.0),
        )


def test_every_formula_and_case_stands_in_the_readme(repository: Path) -> None:
    text = (repository / "data" / "cases" / "README.md").read_text(encoding="utf-8")
    for name, formula in FORMULAS.items():
        assert f"`{name}({', '.join(formula.units)})`" in text
        assert formula.job.startswith("Return")
    for name in CASES:
        assert f"`{name}.toml`" in text
    for verdict in Verdict:
        assert f"| {verdict.value} |" in text


def test_cases_travel_in_the_wheel(repository: Path) -> None:
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    assert '"data/cases" = "siting/_data/cases"' in text


def test_every_source_is_used(repository: Path) -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in case_files().values())
    used = set(re.findall(r"\bS\d+\b", text))
    with (repository / "data" / "cases" / "sources.csv").open(encoding="utf-8") as file:
        assert {row["key"] for row in csv.DictReader(file)} <= used


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_every_check(form: str) -> None:
    text = rendered(tuple(OUTCOMES.values()), form)
    assert all(key in text for key in CHECKS)


def test_json_and_csv_carry_the_numbers() -> None:
    outcomes = tuple(OUTCOMES.values())
    by_name = {each["name"]: each for each in json.loads(rendered(outcomes, "json"))["cases"]}
    first = by_name["old-oak"]["checks"][0]
    assert (first["id"], first["computed"], first["verdict"]) == ("P-a", 9_500, "cannot be right")
    assert by_name["hamina"]["missing"][0]["name"] == "Heat output"
    rows = list(csv.DictReader(io.StringIO(rendered(outcomes, "csv"))))
    assert len(rows) == len(CHECKS)
    assert next(row for row in rows if row["check"] == "O-b")["sources"] == "S21 S20 S73 S131"


def test_markdown_tables_have_one_width() -> None:
    lines = rendered(tuple(OUTCOMES.values()), "markdown").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {9}
