"""Every policy beside the peers that a user would pick instead: `make bench-policies`."""
