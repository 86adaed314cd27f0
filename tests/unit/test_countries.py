"""A country stands in for what a study does not state, and says so."""

from __future__ import annotations

import re

import pytest

from siting.config import config_from_dict, network_settings, settings_of, with_changes
from siting.countries import COUNTRIES, country_figures, network_presets, parameter_presets
from siting.emissions import emission_factors
from siting.errors import InputError
from siting.parameters import default_rows, load_parameters, references

LAYERS = {name: {"path": f"{name}.gpkg"} for name in ("sites", "zones", "streets")}


def study(country=None, **sections):
    head = {"study": {"country": country}} if country else {}
    return config_from_dict({"layers": LAYERS, **head, **sections})


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_row_of_the_brief_is_there_with_unit_mark_and_source(country):
    items = {each.item for each in country_figures(country)}
    assert {
        "electricity price of a large heat pump", "gas price at an energy centre",
        "district heat price", "carbon price on heating fuel", "social discount rate",
        "pipe cost constant", "pipe cost slope", "network supply", "network return",
        "full-load hours", "minimum load ratio", "district heating share",
    } <= items  # fmt: skip
    known = references()
    for each in country_figures(country):
        assert each.unit, each.item
        assert each.source, each.item
        for key in re.findall(r"\bS\d+\b", f"{each.mark} {each.source}"):
            assert key in known, (each.item, key)
        if each.unit == "EUR/MWh":
            assert each.year is not None, each.item
    factors = {e.parameter for e in emission_factors() if e.country == country and e.parameter}
    assert factors == {
        "gas_emission_kg_per_mwh",
        "electricity_emission_now_kg_per_mwh",
        "electricity_emission_2030_kg_per_mwh",
    }


@pytest.mark.parametrize("country", COUNTRIES)
def test_presets_name_parameters_in_their_unit_and_range(country):
    rows = {row.name: row for row in default_rows()}
    units = {each.parameter: each.unit for each in country_figures(country)}
    presets = parameter_presets(country)
    assert len({each.parameter for each in presets}) == len(presets) == 10
    for each in presets:
        row = rows[each.parameter]
        assert units.get(each.parameter, "kg/MWh") == row.unit
        table = load_parameters(presets=presets)
        assert not table[each.parameter].is_unusual, each.parameter


def test_a_preset_overlays_the_default_and_the_study_wins():
    presets = parameter_presets("IE")
    table = load_parameters({"electricity_price_eur_per_mwh": 150}, presets)
    power, gas = table["electricity_price_eur_per_mwh"], table["gas_emission_kg_per_mwh"]
    assert (power.value, power.overridden, power.preset) == (150, True, "")
    assert (gas.value, gas.overridden, gas.preset, gas.mark) == (204.7, False, "IE", "S95")
    frame = table.frame()
    assert frame.loc["gas_emission_kg_per_mwh", "preset"] == "IE"
    assert frame.loc["utilisation", "preset"] == ""
    assert frame.loc["heat_exchanger_capex_large_eur_per_kw", "price_year"] == 2015
    assert frame.loc["heat_pump_capex_10mw_eur_per_kw", "price_year"] == 2024


def test_british_gas_is_turned_to_net_calorific_value_and_says_so():
    found = load_parameters(presets=parameter_presets("UK"))["gas_emission_kg_per_mwh"]
    assert found.value == pytest.approx(182.8 / 0.90)
    assert "GCV 182.8" in found.source


def test_without_a_country_nothing_changes():
    plain = study()
    assert plain.network.supply_temperature_c == 65
    assert parameter_presets(None) == ()
    assert network_presets(None) == {}
    assert load_parameters().frame()["preset"].eq("").all()


def test_network_temperatures_of_the_country_unless_stated():
    found = study("FI").network
    assert (found.supply_temperature_c, found.return_temperature_c) == (85, 48)
    own = study("FI", network={"supply_temperature_c": 70}).network
    assert (own.supply_temperature_c, own.return_temperature_c) == (70, 35)
    rows = {each.name: each for each in network_settings(found, "FI")}
    assert rows["supply_temperature_c"].preset == "FI"
    assert not rows["supply_temperature_c"].overridden
    stated = {each.name: each for each in network_settings(own, "FI")}
    assert stated["supply_temperature_c"].overridden


def test_another_country_takes_its_own_temperatures():
    moved = with_changes(study("FI"), {"study": {"country": "DK"}})
    assert moved.network.supply_temperature_c == 75
    again = with_changes(study("FI"), {"study": {"country": None}})
    assert again.network.supply_temperature_c == 65


def test_settings_of_a_run_bring_the_same_study_back():
    config = study("DE", finance={"baseline": "oil"})
    settings = settings_of(config)
    assert settings["finance"]["baseline"] == "oil"
    again = config_from_dict({**settings, "layers": LAYERS})
    assert again.network.supply_temperature_c == config.network.supply_temperature_c == 90


def test_unknown_country_is_refused():
    with pytest.raises(InputError, match="'country'"):
        study("FR")
    with pytest.raises(InputError, match=r"no preset.*'IE' Ireland"):
        country_figures("XX")


def test_a_baseline_without_a_factor_is_refused():
    with pytest.raises(InputError, match="needs 'baseline_kg_per_mwh'"):
        study(finance={"baseline": "user"})
