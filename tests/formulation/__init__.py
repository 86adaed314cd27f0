"""One module for each constraint and objective of FORMULATION.md, on studies that fit on paper."""
