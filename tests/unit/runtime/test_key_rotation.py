"""Keys change while words are sealed and opened; nothing is lost, nothing destroyed comes back."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.errors import Conflict
from chalicelib.contracts.ports import KeyDestroyed, Unsealable
from chalicelib.runtime.key_ring import LAST, MAGIC, KeyRing, WrappedKey, new_ring, read_ring
from chalicelib.runtime.key_rotation import RETIRE_AFTER, KeyRotation
from chalicelib.runtime.sealing import (
    FORMAT,
    OLD_FORMAT,
    KeyRow,
    PersonSealer,
    _bound,
    version_of,
)
from tests.unit.runtime.memory_keys import MemoryKeyTable, MemoryWrapper

ANN = "ann"


class World:
    """One table and one KMS; processes and an operator that work on them."""

    def __init__(self) -> None:
        self.table = MemoryKeyTable()
        self.wrapper = MemoryWrapper()
        self.now = 1_800_000_000.0
        self.rotation = KeyRotation(self.table, self.wrapper, lambda: self.now)

    def process(self) -> PersonSealer:
        return PersonSealer(self.table, self.wrapper, now=lambda: self.now)

    def ring(self) -> KeyRing:
        row = self.table.rows[ANN]
        assert row.wrapped is not None
        return read_ring(row.wrapped)


@pytest.fixture
def world() -> World:
    return World()


def test_a_new_version_seals_and_every_earlier_one_opens(world: World) -> None:
    here, elsewhere = world.process(), world.process()
    sealed = [here.seal(ANN, "p", "one")]
    digest = here.digest(ANN, "title", "Call mum")
    for number in (2, 3, 4):
        assert world.rotation.rotate(ANN) == number
        sealed.append(world.process().seal(ANN, "p", f"no. {number}"))
    assert [version_of(s) for s in sealed] == [1, 2, 3, 4]
    # Also a process that still holds the ring of before the rotation.
    words = [elsewhere.open(ANN, "p", s) for s in sealed]
    assert words == [here.open(ANN, "p", s) for s in sealed] == ["one", "no. 2", "no. 3", "no. 4"]
    assert world.process().digest(ANN, "title", "Call mum") == digest


def test_a_process_that_has_not_heard_goes_on_with_what_it_holds(world: World) -> None:
    late = world.process()
    late.seal(ANN, "p", "x")
    world.rotation.rotate(ANN)
    sealed = late.seal(ANN, "p", "late")
    assert version_of(sealed) == 1
    assert world.process().open(ANN, "p", sealed) == "late"
    late.prime(ANN, world.table.rows[ANN].wrapped)  # what every request on the fast path does
    assert version_of(late.seal(ANN, "p", "now")) == 2


def test_a_swapped_version_opens_nothing(world: World) -> None:
    sealer = world.process()
    first = sealer.seal(ANN, "p", "one")
    world.rotation.rotate(ANN)
    second = world.process().seal(ANN, "p", "two")
    for sealed, version in ((first, 2), (second, 1), (first, 3), (first, 0), (first, LAST)):
        swapped = sealed[:1] + version.to_bytes(2, "big") + sealed[3:]
        with pytest.raises(Unsealable):
            sealer.open(ANN, "p", swapped)


def test_words_sealed_before_there_were_versions_open(world: World) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key, blob = world.wrapper.generate(ANN)
    world.table.rows[ANN] = KeyRow(blob)  # the row as it was then
    nonce = os.urandom(12)
    old = bytes([OLD_FORMAT]) + nonce + AESGCM(key).encrypt(nonce, b"Call mum", _bound(ANN, "p"))
    assert world.process().open(ANN, "p", old) == "Call mum"
    assert world.rotation.rotate(ANN) == 2
    assert world.process().open(ANN, "p", old) == "Call mum"
    with pytest.raises(Unsealable):
        world.process().open(ANN, "p", bytes([FORMAT, 0, 1]) + old[1:])


def test_only_the_first_and_the_current_are_kept_and_not_before_all_could_know(world: World) -> None:
    sealed = [world.process().seal(ANN, "p", "1")]
    for _ in range(2):
        world.rotation.rotate(ANN)
        sealed.append(world.process().seal(ANN, "p", "x"))
    assert not world.rotation.retire(ANN)
    world.now += RETIRE_AFTER + 1
    assert world.rotation.retire(ANN)
    assert not world.rotation.retire(ANN)
    assert [key.version for key in world.ring().keys] == [1, 3]
    assert world.process().open(ANN, "p", sealed[0]) == "1"
    assert world.process().open(ANN, "p", sealed[2]) == "x"
    with pytest.raises(Unsealable):
        world.process().open(ANN, "p", sealed[1])
    assert world.rotation.rotate(ANN) == 4  # a number is never given twice


def test_another_kms_key_takes_over_while_all_goes_on(world: World) -> None:
    serving = world.process()
    sealed = serving.seal(ANN, "p", "words")
    world.rotation.rotate(ANN)
    assert not world.rotation.rewrap(ANN)
    world.wrapper.generation = 2
    assert world.process().open(ANN, "p", sealed) == "words"
    assert world.rotation.rewrap(ANN)
    assert not world.rotation.rewrap(ANN)
    assert {key.wrapped[0] for key in world.ring().keys} == {2}
    # The old KMS key may go now.
    for person, blob in list(world.wrapper.keys):
        if blob[0] == 1:
            del world.wrapper.keys[person, blob]
    assert world.process().open(ANN, "p", sealed) == "words"
    assert serving.open(ANN, "p", sealed) == "words"


def test_destroying_destroys_every_version_and_no_rotation_brings_one_back(world: World) -> None:
    sealed = [world.process().seal(ANN, "p", "1")]
    world.rotation.rotate(ANN)
    sealed.append(world.process().seal(ANN, "p", "2"))
    seen = world.table.rows[ANN].wrapped
    assert seen is not None
    world.process().destroy(ANN)
    for one in sealed:
        with pytest.raises(KeyDestroyed):
            world.process().open(ANN, "p", one)
    for change in (world.rotation.rotate, world.rotation.rewrap, world.rotation.retire):
        with pytest.raises(KeyDestroyed):
            change(ANN)
    # A rotation that had read the keys before they were destroyed.
    assert not world.table.replace(ANN, seen, b"again")
    assert world.table.rows[ANN].destroyed


def test_two_operators_at_once_lose_nothing(world: World) -> None:
    world.process().seal(ANN, "p", "x")

    class Racing(MemoryWrapper):
        """While it makes a key, another operator is faster."""

        raced = False

        def generate(self, person_id: str) -> tuple[bytes, bytes]:
            if not self.raced:
                self.raced = True
                world.rotation.rotate(ANN)
            return world.wrapper.generate(person_id)

    assert KeyRotation(world.table, Racing(), lambda: world.now).rotate(ANN) == 3
    assert [key.version for key in world.ring().keys] == [1, 2, 3]

    class Hopeless(MemoryKeyTable):
        def replace(self, person_id: str, seen: bytes, wrapped: bytes) -> bool:
            return False

    with pytest.raises(Conflict):
        KeyRotation(Hopeless(rows=world.table.rows), world.wrapper, lambda: world.now).rotate(ANN)


def test_who_has_no_key_gets_none(world: World) -> None:
    for change in (world.rotation.rotate, world.rotation.rewrap, world.rotation.retire):
        with pytest.raises(Unsealable):
            change("nobody")
    assert world.table.rows == {}


# --- the ring -------------------------------------------------------------------------------------

wrapped_keys = st.lists(
    st.tuples(st.integers(1, 200), st.integers(0, 2**40 - 1), st.binary(min_size=1, max_size=200)),
    min_size=1,
    max_size=5,
    unique_by=lambda key: key[0],
)


@given(wrapped_keys)
def test_a_ring_reads_as_it_was_written(keys: list[tuple[int, int, bytes]]) -> None:
    ring = KeyRing(tuple(WrappedKey(*key) for key in sorted(keys)))
    assert read_ring(ring.to_bytes()) == ring
    assert ring.with_new(b"new", 5).current == WrappedKey(ring.current.version + 1, 5, b"new")
    for cut in range(len(MAGIC), len(ring.to_bytes())):
        try:
            shorter = read_ring(ring.to_bytes()[:cut])
        except Unsealable:
            continue
        assert shorter.keys == ring.keys[: len(shorter.keys)]
        assert len(shorter.keys) < len(ring.keys)


@given(st.binary(max_size=40))
def test_bytes_that_are_no_ring_are_refused(junk: bytes) -> None:
    try:
        ring = read_ring(MAGIC + junk)
    except Unsealable:
        return
    assert ring.to_bytes() == MAGIC + junk


def test_versions_do_not_start_over() -> None:
    full = KeyRing((WrappedKey(LAST, 0, b"x"),))
    with pytest.raises(OverflowError):
        full.with_new(b"y", 1)
    assert new_ring(b"x", 7).current == WrappedKey(1, 7, b"x")
