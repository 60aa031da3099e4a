"""System benchmarks: counts, and ratios measured in one run. `make bench` (docs: bench/README.md)."""
