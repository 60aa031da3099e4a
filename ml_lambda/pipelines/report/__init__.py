"""The nightly report: one page that a person reads in a minute, and its numbers as JSON."""
