"""The whole of oO on one machine: the emulator, the deploy, the identity provider, the front, demo data."""
