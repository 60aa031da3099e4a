"""The shared domain library: pure functions, no I/O, no numpy, no clock. See README.md."""
