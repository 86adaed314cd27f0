"""Compare the optimiser with independent answers on problems small enough to enumerate."""
