"""Solvers behind one face: arrays in, our own outcome out."""
