"""The sealed file: only what was written, in its own place, whole, and under its own passphrase, is read."""

from __future__ import annotations

import io
import os

import pytest

from twofa_middleware.errors import BadFile
from twofa_middleware.moving import stream
from twofa_middleware.moving.stream import (
    BLOCK_BYTES,
    CHUNK_BYTES,
    MAGIC,
    Header,
    begin,
    checked_passphrase,
    chunks_of,
    new_header,
    new_passphrase,
    read_chunks,
    read_header,
)

PASSPHRASE = "the passphrase of this test"


@pytest.fixture(autouse=True)
def low_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The costs stand in the header, so files that are made cheaply are read cheaply."""
    monkeypatch.setattr(stream, "_COSTS", (2, 8, 1))


def written(data: bytes, passphrase: str = PASSPHRASE, header: Header | None = None) -> bytes:
    file = io.BytesIO()
    writer = begin(file, header or new_header("main", "witness", 1), passphrase)
    for start in range(0, len(data), 50_000):
        writer.write(data[start : start + 50_000])
    writer.end()
    return file.getvalue()


def read(file: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return b"".join(read_chunks(io.BytesIO(file), passphrase))


def split(file: bytes) -> tuple[bytes, list[bytes]]:
    """The header, and the sealed chunks."""
    opened = io.BytesIO(file)
    read_header(opened)
    head = file[: opened.tell()]
    rest = file[len(head) :]
    return head, [rest[start : start + BLOCK_BYTES] for start in range(0, len(rest), BLOCK_BYTES)]


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 200_001])
def test_what_was_written_is_read(size: int) -> None:
    data = os.urandom(size)
    assert read(written(data)) == data


def test_the_real_costs_are_those_of_owasp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    file = written(b"data")
    header = read_header(io.BytesIO(file))
    assert (header.n, header.r, header.p, len(header.salt)) == (2**17, 8, 1, 16)
    assert read(file) == b"data"


def test_nothing_of_what_was_written_stands_in_the_file() -> None:
    assert b"canary" not in written(b"canary" * 100)
    assert PASSPHRASE.encode() not in written(b"data")


def test_the_same_data_under_the_same_passphrase_is_another_file() -> None:
    assert split(written(b"data"))[1] != split(written(b"data"))[1]


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(BadFile, match="does not open: the passphrase is another one"):
        read(written(b"data"), PASSPHRASE + "!")


def test_a_flipped_bit_anywhere_is_noticed() -> None:
    file = written(b"data" * 10)
    for place in range(len(file)):
        changed = bytearray(file)
        changed[place] ^= 1
        with pytest.raises(BadFile):
            read(bytes(changed))


def test_a_file_that_was_cut_is_noticed_wherever_it_was_cut() -> None:
    head, chunks = split(written(bytes(3 * CHUNK_BYTES)))
    assert len(chunks) == 3
    for kept in (chunks[:1], chunks[:2], [*chunks[:2], chunks[2][:-1]], []):
        with pytest.raises(BadFile):
            read(head + b"".join(kept))
    small = written(b"data")
    for size in range(len(small)):
        with pytest.raises(BadFile):
            read(small[:size])


def test_chunks_that_were_swapped_repeated_left_out_or_added_are_noticed() -> None:
    head, (one, two, three, last) = split(written(bytes(3 * CHUNK_BYTES + 1)))
    for order in ([two, one, three, last], [one, one, three, last], [one, three, last], [one, two, three, last, last]):
        with pytest.raises(BadFile):
            read(head + b"".join(order))
    assert read(head + one + two + three + last) == bytes(3 * CHUNK_BYTES + 1)


def test_a_chunk_of_another_file_is_noticed_also_under_the_same_key() -> None:
    header = new_header("main", "witness", 1)
    other = Header(realm="other", witness="witness", made_at=1, salt=header.salt, n=header.n, r=header.r, p=header.p)
    (head, _), (_, chunks) = split(written(b"one", header=header)), split(written(b"two", header=other))
    with pytest.raises(BadFile):
        read(head + chunks[0])


def test_chunks_of_two_runs_that_went_on_from_the_same_place_are_not_mixed() -> None:
    """Both have the same key and stand in their own places; each names the one before it."""
    header = new_header("main", "witness", 1)
    head, (one, *_) = split(written(bytes(CHUNK_BYTES + 1), header=header))
    runs = []
    for letter in (b"a", b"b"):
        chunks = chunks_of(io.BytesIO(head), PASSPHRASE)
        chunks.open(one, is_last=False)
        runs.append([chunks.seal(letter * CHUNK_BYTES, is_last=False), chunks.seal(letter, is_last=True)])
    (a_two, a_last), (b_two, b_last) = runs
    assert read(head + one + a_two + a_last) == bytes(CHUNK_BYTES) + b"a" * (CHUNK_BYTES + 1)
    assert read(head + one + b_two + b_last) == bytes(CHUNK_BYTES) + b"b" * (CHUNK_BYTES + 1)
    for mixed in ([a_two, b_last], [b_two, a_last]):
        with pytest.raises(BadFile):
            read(head + one + b"".join(mixed))


def test_no_nonce_comes_twice() -> None:
    """Not even where a run writes a place anew, with the same key and other data."""
    header = new_header("main", "witness", 1)
    chunks = [chunk for _ in range(3) for chunk in split(written(bytes(2 * CHUNK_BYTES), header=header))[1]]
    assert len({chunk[:12] for chunk in chunks}) == len(chunks) == 6


@pytest.mark.parametrize("data", [b"", b"no export", b"twofa export 2\n" + bytes(100), MAGIC, MAGIC + b"\xff" * 8])
def test_another_file_is_no_export(data: bytes) -> None:
    with pytest.raises(BadFile):
        read(data)


@pytest.mark.parametrize(
    "costs", [(2**30, 8, 1), (2**17, 2**20, 1), (2**17, 8, 1000), (1000, 8, 1), (0, 8, 1), (2, 0, 1)]
)
def test_a110_a_file_that_asks_for_too_much_work_is_refused_unread(costs: tuple[int, int, int]) -> None:
    n, r, p = costs
    body = stream._head_of(Header(realm="main", witness="w", made_at=1, salt=bytes(16), n=n, r=r, p=p))
    with pytest.raises(BadFile):
        read(body + bytes(100))


# ---- the passphrase -------------------------------------------------------------------------------------------------


def test_a_new_passphrase_has_160_bits_in_groups() -> None:
    found = {new_passphrase() for _ in range(200)}
    assert len(found) == 200
    assert all([len(group) for group in one.split("-")] == [4] * 8 for one in found)
    letters = {letter for one in found for letter in one if letter != "-"}
    assert len(letters) == 32


def test_case_spaces_and_look_alikes_of_a_new_one_do_not_matter() -> None:
    passphrase = "4f7k-9x2m-a0c1-w8qz-4f7k-9x2m-a0c1-w8qz"
    file = written(b"data", passphrase)
    for typed in ("4F7K 9X2M AOCI W8QZ 4F7K 9X2M AOCL W8QZ", passphrase.replace("-", ""), f" {passphrase}\n"):
        assert read(file, typed) == b"data"


def test_in_any_other_passphrase_every_letter_counts() -> None:
    assert checked_passphrase("Correct horse battery") == "Correct horse battery"
    assert checked_passphrase("cafe\u0301 cafe\u0301 cafe\u0301 cafe\u0301") == "café café café café"
    with pytest.raises(ValueError, match="16 characters or more"):
        checked_passphrase("too short")
