"""The stores of services in memory, held to the real ones by the suites in tests/contract."""
