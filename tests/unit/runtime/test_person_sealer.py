from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.contracts.ports import KeyDestroyed, Unsealable
from chalicelib.runtime.sealing import FORMAT, KeyRow, PersonSealer
from tests.unit.runtime.memory_keys import MemoryKeyTable, MemoryWrapper, memory_sealer

ANN, BOB = "ann", "bob"


class Now:
    value = 0.0

    def __call__(self) -> float:
        return self.value


@given(st.text(), st.text())
def test_what_is_sealed_opens_again(purpose: str, text: str) -> None:
    sealer = memory_sealer()
    assert sealer.open(ANN, purpose, sealer.seal(ANN, purpose, text)) == text


def test_the_same_text_never_looks_the_same() -> None:
    sealer = memory_sealer()
    sealed = [sealer.seal(ANN, "item:1", "Call mum") for _ in range(20)]
    assert len(set(sealed)) == 20
    assert all(s[0] == FORMAT and b"Call mum" not in s for s in sealed)


def test_another_person_or_purpose_opens_nothing() -> None:
    sealer = memory_sealer()
    sealed = sealer.seal(ANN, "item:1", "Call mum")
    sealer.seal(BOB, "item:1", "x")
    for person, purpose in ((BOB, "item:1"), (ANN, "item:2"), (ANN, "tip:1")):
        with pytest.raises(Unsealable):
            sealer.open(person, purpose, sealed)


@given(st.text(max_size=20), st.data())
def test_any_changed_byte_opens_nothing(text: str, data: st.DataObject) -> None:
    sealer = memory_sealer()
    sealed = sealer.seal(ANN, "p", text)
    at = data.draw(st.integers(0, len(sealed) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = sealed[:at] + bytes([sealed[at] ^ flip]) + sealed[at + 1 :]
    for broken in (changed, sealed[:at], sealed + bytes([flip])):
        with pytest.raises(Unsealable):
            sealer.open(ANN, "p", broken)


def test_every_single_bit_counts() -> None:
    sealer = memory_sealer()
    sealed = sealer.seal(ANN, "p", "words")
    for at in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        with pytest.raises(Unsealable):
            sealer.open(ANN, "p", bytes(changed))


@given(st.text(max_size=9), st.text(max_size=9), st.text(max_size=9), st.text(max_size=9))
def test_only_the_same_person_and_purpose_open(one: str, other: str, purpose: str, swapped: str) -> None:
    sealer = memory_sealer()
    sealed = sealer.seal(one, purpose, "words")
    sealer.seal(other, swapped, "x")
    if (one, purpose) == (other, swapped):
        assert sealer.open(other, swapped, sealed) == "words"
        return
    with pytest.raises(Unsealable):
        sealer.open(other, swapped, sealed)


@pytest.mark.parametrize(
    "junk", [b"", b"\x01", b"\x01" + bytes(27), b"\x02" + bytes(29), b"\x02" + bytes(40), b"\x03" + bytes(40)]
)
def test_junk_opens_nothing(junk: bytes) -> None:
    sealer = memory_sealer()
    sealer.seal(ANN, "p", "x")
    with pytest.raises(Unsealable):
        sealer.open(ANN, "p", junk)


def test_nothing_opens_for_a_person_without_a_key_and_none_is_made() -> None:
    table = MemoryKeyTable()
    with pytest.raises(Unsealable):
        PersonSealer(table, MemoryWrapper()).open(ANN, "p", b"\x01" + bytes(40))
    assert table.rows == {}


def test_the_digest_tells_equal_texts_of_one_person_and_nothing_else() -> None:
    sealer = memory_sealer()
    one = sealer.digest(ANN, "title", "Call mum")
    assert one == sealer.digest(ANN, "title", "Call mum")
    assert len(one) == 64
    others = [
        sealer.digest(ANN, "title", "Call Mum"),
        sealer.digest(BOB, "title", "Call mum"),
        sealer.digest(ANN, "titl", "eCall mum"),
    ]
    assert one not in others


def test_two_makers_end_with_one_key() -> None:
    table, wrapper = MemoryKeyTable(), MemoryWrapper()

    class LateTable(MemoryKeyTable):
        """Sees no key at its first look, as if another maker were between its look and its put."""

        def read(self, person_id: str) -> KeyRow | None:
            self.read = table.read  # type: ignore[method-assign]
            return None

        def create(self, person_id: str, wrapped: bytes) -> bool:
            return table.create(person_id, wrapped)

    winner, loser = PersonSealer(table, wrapper), PersonSealer(LateTable(), wrapper)
    from_winner = winner.seal(ANN, "p", "one")
    from_loser = loser.seal(ANN, "p", "two")
    assert wrapper.calls.count("generate") == 2
    assert winner.open(ANN, "p", from_loser) == "two"
    assert loser.open(ANN, "p", from_winner) == "one"


def test_a_destroyed_key_is_never_made_again() -> None:
    table, wrapper = MemoryKeyTable(), MemoryWrapper()
    sealer = PersonSealer(table, wrapper)
    sealed = sealer.seal(ANN, "p", "words")
    sealer.destroy(ANN)
    sealer.destroy(ANN)
    for attempt in (
        lambda: sealer.open(ANN, "p", sealed),
        lambda: sealer.seal(ANN, "p", "new"),
        lambda: sealer.digest(ANN, "p", "new"),
        lambda: PersonSealer(table, wrapper).seal(ANN, "p", "new"),
    ):
        with pytest.raises(KeyDestroyed):
            attempt()
    sealer.prime(ANN, None)  # what a reader of the row sees: no wrapped key
    with pytest.raises(KeyDestroyed):
        sealer.seal(ANN, "p", "new")
    with pytest.raises(KeyDestroyed):
        sealer.open(ANN, "p", sealed)
    assert table.rows[ANN].destroyed


def test_a_process_that_held_the_key_forgets_it_when_a_reader_saw_it_gone() -> None:
    table, wrapper = MemoryKeyTable(), MemoryWrapper()
    here, elsewhere = PersonSealer(table, wrapper), PersonSealer(table, wrapper)
    sealed = here.seal(ANN, "p", "words")
    elsewhere.destroy(ANN)
    here.prime(ANN, None)
    with pytest.raises(KeyDestroyed):
        here.open(ANN, "p", sealed)


def test_a_held_key_costs_no_call_until_its_minutes_are_over() -> None:
    table, wrapper, now = MemoryKeyTable(), MemoryWrapper(), Now()
    sealer = PersonSealer(table, wrapper, now)
    sealed = sealer.seal(ANN, "p", "words")
    table.calls.clear()
    wrapper.calls.clear()
    now.value = 299
    sealer.open(ANN, "p", sealed)
    assert table.calls == []
    assert wrapper.calls == []
    now.value = 301
    sealer.open(ANN, "p", sealed)
    assert table.calls == ["read"]
    assert wrapper.calls == ["unwrap"]


def test_a_primed_key_saves_the_read() -> None:
    table, wrapper = MemoryKeyTable(), MemoryWrapper()
    sealed = PersonSealer(table, wrapper).seal(ANN, "p", "words")
    table.calls.clear()
    sealer = PersonSealer(table, wrapper)
    sealer.prime(ANN, table.rows[ANN].wrapped)
    sealer.prime(ANN, table.rows[ANN].wrapped)
    assert sealer.open(ANN, "p", sealed) == "words"
    assert table.calls == []
    sealer.prime(BOB, None)
    sealer.seal(BOB, "p", "first")
    assert table.calls == ["create"]


def test_only_so_many_keys_are_held() -> None:
    wrapper = MemoryWrapper()
    sealer = PersonSealer(MemoryKeyTable(), wrapper, keys=3)
    people = ["a", "b", "c", "d"]
    sealed = {person: sealer.seal(person, "p", "x") for person in people}
    wrapper.calls.clear()
    for person in ("d", "c", "b"):
        sealer.open(person, "p", sealed[person])
    assert wrapper.calls == []
    sealer.open("a", "p", sealed["a"])
    assert wrapper.calls == ["unwrap"]
