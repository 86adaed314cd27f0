"""Changed assumptions come back into a study file, with its comments, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime

import openpyxl
import pytest
from sample_plan import small_town

from siting.appraisal import appraise
from siting.assumptions import read_assumptions, write_changed_study
from siting.config import network_settings, read_config
from siting.countries import parameter_presets
from siting.errors import InputError
from siting.outputs.frames import plan_frames
from siting.outputs.workbook import write_workbook
from siting.parameters import load_parameters

STUDY = """\
# Our town, second round.
[study]
name = "Warm town"
[layers.sites]
path = "layers/sites.geojson"
[layers.zones]
path = "layers/zones.geojson"
[layers.streets]
path = "layers/streets.geojson"

[parameters]        # as agreed in May
utilisation = 0.7   # measured
cop_cap = 6
"""


@pytest.fixture
def study(tmp_path):
    """A study file, with the workbook of its run beside it."""
    return written(tmp_path, STUDY)


def written(tmp_path, text):
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="utf-8")
    config = read_config(file)
    country = config.study.country
    town = small_town()
    write_workbook(
        plan_frames(town.region, town.network, town.assembly, town.plan),
        appraise(town.assembly.problem, town.plan),
        town.plan,
        tmp_path / "plan.xlsx",
        created=datetime(2026, 1, 2, tzinfo=UTC),
        title="Warm town",
        parameters=load_parameters(config.parameters, parameter_presets(country)),
        settings=network_settings(config.network, country),
    )
    return file


def change(study, values, column="Value"):
    """Save the workbook as a person would who changed some cells."""
    path = study.parent / "plan.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book["Assumptions"]
    heads = [cell.value for cell in sheet[4]]
    names = {row[heads.index("Name")].value: row for row in sheet.iter_rows(5)}
    for name, value in values.items():
        names[name][heads.index(column)].value = value
    book.save(path)
    return path


def back(study):
    out = study.parent / "new.toml"
    return write_changed_study(study.parent / "plan.xlsx", study, out), out


def test_an_unchanged_workbook_changes_nothing_but_the_run_folder(study):
    changes, out = back(study)
    assert changes == ()
    old, new = read_config(study), read_config(out)
    assert new.parameters == old.parameters
    assert new.network == old.network
    assert new.outputs.folder.name == "out-new"


def test_figures_of_a_country_are_no_changes_and_stay_beside_those_that_change(tmp_path):
    """Denmark: 75/40 °C. A study that states one temperature would lose the other."""
    danish = STUDY.replace('name = "Warm town"\n', 'name = "Warm town"\ncountry = "DK"\n', 1)
    study = written(tmp_path, danish)
    changes, out = back(study)
    assert changes == ()
    out.unlink()
    change(study, {"supply_temperature_c": 80})
    changes, out = back(study)
    assert [str(each) for each in changes] == ["[network] supply_temperature_c: 75.0 -> 80 °C"]
    network = read_config(out).network
    assert (network.supply_temperature_c, network.return_temperature_c) == (80, 40)


def test_a_choice_of_sizes_is_no_change(tmp_path):
    study = written(tmp_path, STUDY + '\n[network]\npipe_sizes = ["DN50", "DN100"]\n')
    changes, out = back(study)
    assert changes == ()
    assert read_config(out).network.pipe_sizes == ("DN50", "DN100")


def test_changes_make_the_round_trip(study):
    change(
        study,
        {
            "utilisation": 0.75,
            "electricity_price_eur_per_mwh": 95,
            "cop_cap": 8,
            "supply_temperature_c": 80,
            "insulation_series": 3.0,
        },
    )
    price = load_parameters().value("electricity_price_eur_per_mwh")
    changes, out = back(study)
    assert {str(each) for each in changes} == {
        "[parameters] utilisation: 0.7 -> 0.75",
        "[parameters] cop_cap: 6.0 -> 8, the default",
        f"[parameters] electricity_price_eur_per_mwh: {price} -> 95 EUR/MWh",
        "[network] supply_temperature_c: 65.0 -> 80 °C",
        "[network] insulation_series: 2 -> 3",
    }
    new = read_config(out)
    assert new.parameters == {"utilisation": 0.75, "electricity_price_eur_per_mwh": 95}
    assert (new.network.supply_temperature_c, new.network.insulation_series) == (80, 3)
    text = out.read_text(encoding="utf-8")
    assert "# Our town, second round." in text
    assert "# as agreed in May" in text
    assert "# measured" in text
    assert study.read_text(encoding="utf-8") == STUDY


def test_every_fault_is_said_at_once_and_nothing_is_written(study):
    change(study, {"utilisation": "0,75", "cop_cap": -1, "design_share": None})
    change(study, {"electricity_price_eur_per_mwh": "ct/kWh"}, column="Unit")
    with pytest.raises(InputError) as caught:
        back(study)
    told = str(caught.value)
    assert len(caught.value.faults) == 4
    for words in ("'0,75'", "cop_cap is -1", "design_share is None", "'ct/kWh'", "row "):
        assert words in told
    assert not (study.parent / "new.toml").exists()


def test_settings_that_do_not_go_together_are_refused(study):
    change(study, {"supply_temperature_c": 36})
    with pytest.raises(InputError, match="must lie at least 5 K above"):
        back(study)
    assert not (study.parent / "new.toml").exists()


def test_names_that_are_not_known_are_refused(study):
    change(study, {"utilisation": "utilization"}, column="Name")
    with pytest.raises(InputError, match="no parameter 'utilization'"):
        back(study)


def test_headings_may_move_but_not_go(study):
    path = study.parent / "plan.xlsx"
    book = openpyxl.load_workbook(path)
    book["Assumptions"].insert_rows(1, 3)
    book.save(path)
    assert len(read_assumptions(path)) > 50
    book["Assumptions"].delete_rows(7)
    book.save(path)
    with pytest.raises(InputError, match="no row with the headings"):
        read_assumptions(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.xlsx", None, "cannot read"),
        ("notes.txt", b"text", "is no Excel workbook"),
        ("torn.xlsx", b"PK\x03\x04 torn", "is no Excel workbook"),
    ],
)
def test_a_file_that_is_no_workbook_is_refused(study, name, content, words):
    path = study.parent / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        write_changed_study(path, study, study.parent / "new.toml")


def test_a_workbook_of_something_else_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.save(tmp_path / "other.xlsx")
    with pytest.raises(InputError, match="has no sheet 'Assumptions'"):
        read_assumptions(tmp_path / "other.xlsx")


def test_no_file_is_overwritten_and_paths_stay_true(study, tmp_path):
    with pytest.raises(InputError, match="exists already"):
        write_changed_study(tmp_path / "plan.xlsx", study, study)
    (tmp_path / "far").mkdir()
    with pytest.raises(InputError, match="lies in another folder"):
        write_changed_study(tmp_path / "plan.xlsx", study, tmp_path / "far" / "new.toml")
