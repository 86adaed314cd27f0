"""Hand the texts that the scripts of a map say to its page, in its language."""

from __future__ import annotations

from siting.outputs.labels import Labels

__all__ = ["PAGE_WORDS", "page_words"]

_NAMES = """
branch_heat branch_ratio change_capacity change_dear change_forbidden change_nothing_left
change_reach check_advice check_cap check_day check_design check_difference check_flow
check_gradient check_heat check_key check_layer check_line check_lost check_lost_plan check_most
check_over check_pump check_short check_state check_summer check_supply check_velocity close_popup
cost find found found_nothing found_site found_zone hint_flow hint_share layer_barriers
layer_chosen layer_existing layer_off layer_on layer_pipes layer_rejected layer_repairs
layer_services layer_streets layer_tiles layers link link_copied link_there look_capacity
look_dear look_forbidden look_other look_reach measure measure_how measured_area name no_crossing
old_browser own_ratio pipe_arrows pipe_capacity pipe_flow pipe_length pipe_loss pipe_metre
pipe_stands pipe_used plan_ratio pop_pipe pop_site pop_zone print site_alone site_assumed
site_capacity site_chosen site_cooling site_cop site_fed site_given site_heat site_heat_assumed
site_is_chosen site_load site_marker site_most site_not_chosen site_option site_pays site_power
site_state stop_of stop_said tiles_gone title_barriers title_repairs zone_alone zone_base
zone_cost zone_demand zone_estimated zone_heat zone_is_served zone_not_served zone_own zone_pays
zone_peak zone_share zoom_in zoom_out
"""

PAGE_WORDS = tuple(_NAMES.split())
"""Keys of section ``map`` that the scripts call; they fill the gaps themselves."""


def page_words(t: Labels) -> dict[str, str]:
    """Return the texts of the scripts by key, their gaps left open."""
    return {key: t.raw(f"map.{key}") for key in PAGE_WORDS}
