"""The built-in regions are found, and a wrong name is answered with the right ones."""

import pytest

from siting.errors import InputError
from siting.resources import data_folder, region_names, region_study


def test_both_regions_are_there():
    assert region_names() == ("helsinki", "kotka")


@pytest.mark.parametrize("name", ["helsinki", "kotka"])
def test_a_region_has_its_study_and_its_layers(name):
    study = region_study(name)
    assert study == data_folder() / name / "study.toml"
    assert study.is_file()
    assert (study.parent / f"{name}.gpkg").is_file()


def test_unknown_region_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match="no built-in region 'oslo'; at hand are 'helsinki'"):
        region_study("oslo")


def test_missing_data_are_reported(monkeypatch, tmp_path):
    monkeypatch.setattr("siting.resources.__file__", str(tmp_path / "siting" / "resources.py"))
    with pytest.raises(InputError, match="missing from this installation"):
        data_folder()


def test_packaged_data_come_before_a_checkout(monkeypatch, tmp_path):
    for folder in (tmp_path / "siting" / "_data" / "a", tmp_path / "data" / "b"):
        folder.mkdir(parents=True)
        (folder / "study.toml").touch()
    monkeypatch.setattr("siting.resources.__file__", str(tmp_path / "siting" / "resources.py"))
    assert region_names() == ("a",)
