"""Measure the optimiser; run on request, see README.md in this folder."""
