"""Demonstrations: what an expert did, where it comes from, and the files that hold it."""

from gail.approx.demonstrations.dataset import Demonstrations, InvalidDemonstrations, Provenance
from gail.approx.demonstrations.npz import load_npz, save_npz

__all__ = ["Demonstrations", "InvalidDemonstrations", "Provenance", "load_npz", "save_npz"]
