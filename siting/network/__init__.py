"""Build the routing graph of a region: node, repair, connect and contract."""

from siting.network.build import build_network
from siting.network.types import PipeNetwork

__all__ = ["PipeNetwork", "build_network"]
