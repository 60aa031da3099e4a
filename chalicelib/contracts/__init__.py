"""The words that all modules share. Imports nothing of oO but its own files and `domain`."""
