"""What is known about a person, as numbers: one file per group. See README.md."""
