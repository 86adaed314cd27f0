"""The study file: what it means, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from siting.config import ObjectiveConfig as StudyObjective
from siting.config import (
    config_from_dict,
    network_settings,
    read_config,
    settings_of,
    study_schema,
    with_changes,
)
from siting.errors import InputError
from siting.problem import Objective

LAYERS: dict[str, Any] = {
    "sites": {"path": "sites.gpkg"},
    "zones": {"path": "zones.gpkg"},
    "streets": {"path": "../streets.gpkg"},
}


def faults_of(**sections: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        config_from_dict({"layers": LAYERS, **sections})
    return [str(fault) for fault in caught.value.faults]


def test_only_the_layers_are_required(tmp_path: Path) -> None:
    config = config_from_dict({"layers": LAYERS}, tmp_path / "study.toml")
    assert config.solver.gap == 0.01
    assert config.objective.kind == "heat_per_euro"
    assert config.limits.budget_eur is None


def test_paths_start_from_the_folder_of_the_study_file(tmp_path: Path) -> None:
    file = tmp_path / "espoo" / "study.toml"
    config = config_from_dict({"layers": LAYERS}, file)
    assert config.folder == tmp_path / "espoo"
    assert config.layers.sites.path == tmp_path / "espoo" / "sites.gpkg"
    assert config.outputs.folder == tmp_path / "espoo" / "out"


def test_an_absolute_path_stays(tmp_path: Path) -> None:
    file = tmp_path / "sites.gpkg"
    layers = LAYERS | {"sites": {"path": str(file)}}
    assert config_from_dict({"layers": layers}).layers.sites.path == file


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    (fault,) = faults_of(network={"supply_temperature": 80})
    assert "[network] 'supply_temperature' is not known" in fault
    assert "Did you mean 'supply_temperature_c'?" in fault


def test_an_unknown_section_names_the_nearest_known_one() -> None:
    (fault,) = faults_of(netwrok={"supply_temperature_c": 80})
    assert "[netwrok] is no section" in fault
    assert "Did you mean 'network'?" in fault


def test_all_faults_are_reported_at_once() -> None:
    faults = faults_of(
        study={"nmae": "Espoo"},
        network={"insulation_series": 7, "supply_temperature_c": "hot"},
        limits={"min_sites": 3, "max_sites": 1},
        solver={"gap": -1},
        outputs=3,
    )
    assert len(faults) == 6
    assert all("study.toml" in fault for fault in faults)
    assert any("'insulation_series': input should be 1, 2 or 3; found 7" in each for each in faults)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"network": {"supply_temperature_c": 45, "return_temperature_c": 44}}, "5 K above"),
        ({"limits": {"mandatory_sites": ["a"], "forbidden_sites": ["a"]}}, "'a' in both"),
        ({"limits": {"min_share": 30}}, "less than or equal to 1"),
        ({"layers": LAYERS | {"streets": {}}}, "source 'file' needs 'path'"),
        ({"layers": LAYERS | {"streets": {"source": "osmnx"}}}, "needs one of 'place'"),
        ({"layers": {}}, "'sites' is missing"),
        ({"solver": {"time_limit_s": float("nan")}}, "finite"),
        ({"parameters": {"discount_rate": "high"}}, "a number is needed; found 'high'"),
        ({"layers": LAYERS | {"zones": {"path": "z", "demand_unit": "J"}}}, "found 'J'"),
    ],
)
def test_what_cannot_be_is_a_fault(sections: dict[str, Any], words: str) -> None:
    assert any(words in fault for fault in faults_of(**sections))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[study\nname = 1", "line 1, column 7"),
        ("[study]\nname = Espoo\n", "line 2"),
        ("a = 1\na = 2\n", "line 2"),
        ('name = """', "at its end"),
    ],
)
def test_a_syntax_error_names_its_line(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not TOML") as caught:
        read_config(file)
    assert words in str(caught.value)


def test_a_missing_study_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*No such file"):
        read_config(tmp_path / "study.toml")


def test_text_that_is_not_utf8_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes('name = "Høje-Taastrup"'.encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_config(file)


def test_changes_are_checked_and_leave_the_rest() -> None:
    config = config_from_dict({"layers": LAYERS, "limits": {"budget_eur": 1e6, "min_zones": 2}})
    changed = with_changes(config, {"limits": {"budget_eur": None, "max_sites": 1}})
    assert (changed.limits.budget_eur, changed.limits.max_sites) == (None, 1)
    assert changed.limits.min_zones == 2
    assert changed.layers == config.layers
    assert config.limits.budget_eur == 1e6
    with pytest.raises(InputError, match="Did you mean 'budget_eur'"):
        with_changes(config, {"limits": {"budget": 3}})


def test_the_objectives_are_those_of_the_problem() -> None:
    ours = StudyObjective.model_fields["kind"].annotation
    assert get_args(ours) == ("heat_per_euro", "max_heat", "capex", "net_value")
    for kind in get_args(ours):
        assert Objective(kind=kind).kind == kind


def test_every_key_is_described() -> None:
    schema = study_schema()
    for name, section in schema["$defs"].items():
        if name == "LayersConfig":
            continue
        for key, value in section["properties"].items():
            assert value.get("description"), f"{name}.{key}"


def test_the_schema_is_sound_and_knows_a_study() -> None:
    schema = study_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"layers": LAYERS, "limits": {"min_share": 0.2}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"layers": LAYERS, "limit": {}}, schema)


def test_simultaneity_needs_pipes_that_carry_peaks() -> None:
    layers = {name: {"path": "x.gpkg"} for name in ("sites", "zones", "streets")}
    with pytest.raises(InputError, match="simultaneity 'winter' changes nothing"):
        config_from_dict({"layers": layers, "network": {"simultaneity": "winter"}})
    network = {"simultaneity": "winter", "pipes_carry": "peak"}
    assert config_from_dict({"layers": layers, "network": network}).network.peak_rounds == 6


def test_a_catalogue_of_ones_own_lies_beside_the_study(tmp_path: Path) -> None:
    layers = {name: {"path": "x.gpkg"} for name in ("sites", "zones", "streets")}
    network = {"catalogue": "tables/own.csv", "pipe_sizes": ["PE63"]}
    config = config_from_dict({"layers": layers, "network": network}, tmp_path / "study.toml")
    assert config.network.catalogue_file(config.folder) == tmp_path / "tables" / "own.csv"
    assert settings_of(config)["network"]["catalogue"] == "tables/own.csv"
    told = {each.name: each.value for each in network_settings(config.network)}
    assert told["pipe_sizes"] == "PE63"
    assert config_from_dict({"layers": layers}).network.catalogue_file(tmp_path) is None
