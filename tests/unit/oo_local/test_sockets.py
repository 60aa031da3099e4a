"""Unit tests cannot open a socket."""

from __future__ import annotations

import socket

import pytest
from pytest_socket import SocketBlockedError


def test_a_unit_test_cannot_open_a_socket() -> None:
    # Warnings are errors here, so the plugin's warning may come first.
    with pytest.raises((SocketBlockedError, UserWarning), match=r"socket\.socket"):
        socket.socket()
