"""Read and check the layers of a study: sites, zones and streets."""

from siting.layers.read import read_region

__all__ = ["read_region"]
