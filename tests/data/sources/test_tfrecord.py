"""TFRecord framing, checksums and Examples, against bytes written from the specifications."""

import gzip
import random
import struct

import pytest

from omniactor.data.sources import crc32c
from omniactor.data.sources.tfrecord import read_example, read_records
from omniactor.errors import InputError
from tests.data.sources.fixtures.android_control import checksum, example, field, record, varint


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"", 0), (b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43),
     (bytes(range(32)), 0x46DD794E), (bytes(range(31, -1, -1)), 0x113FDB5C)],
)  # fmt: skip
def test_the_checksums_of_rfc_3720(data, expected):
    assert crc32c.crc32c(data) == expected


@pytest.mark.parametrize("size", [1, 8191, 8192, 8193, 9217, 40_001])
def test_long_data_have_the_checksum_of_the_long_way(size, monkeypatch):
    data = random.Random(size).randbytes(size)
    assert crc32c.masked_crc32c(data) == checksum(data)
    monkeypatch.setattr(crc32c, "_SLAB", 3 * 1024)
    assert crc32c.masked_crc32c(data) == checksum(data)


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_records_come_back_in_order(tmp_path, pack):
    payloads = [b"", b"one", bytes(20_000), b"last"]
    (tmp_path / "a").write_bytes(pack(b"".join(map(record, payloads))))
    assert [bytes(found) for found in read_records(tmp_path / "a")] == payloads


def broken(kind):
    whole = record(b"first") + record(b"second")
    start = len(record(b"first"))
    if kind == "payload":
        return gzip.compress(whole[:-6] + b"X" + whole[-5:])
    if kind == "length":
        return gzip.compress(whole[:start] + b"\xff" + whole[start + 1 :])
    if kind == "checksum of the length":
        return gzip.compress(whole[: start + 9] + b"X" + whole[start + 10 :])
    if kind == "cut in the head":
        return gzip.compress(whole[: start + 5])
    if kind == "cut in the payload":
        return gzip.compress(whole[:-3])
    if kind == "a length of gigabytes":
        head = struct.pack("<Q", 1 << 40)
        return gzip.compress(whole[:start] + head + struct.pack("<I", checksum(head)))
    packed = gzip.compress(whole)
    return packed[:-4] if kind == "cut in the compression" else packed[:-12] + b"XXXX" + packed[-8:]


@pytest.mark.parametrize(
    "kind",
    ["payload", "length", "checksum of the length", "cut in the head", "cut in the payload", "a length of gigabytes",
     "cut in the compression", "damage in the compression"],
)  # fmt: skip
def test_damage_is_named_with_the_record(tmp_path, kind):
    (tmp_path / "shard").write_bytes(broken(kind))
    found = []
    with pytest.raises(InputError, match="shard") as caught:
        found.extend(bytes(payload) for payload in read_records(tmp_path / "shard"))
    assert found in ([b"first"], [], [b"first", b"second"])
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError):
        list(read_records(tmp_path / "none"))


@pytest.mark.parametrize("packed", [True, False])
def test_an_example_has_its_features(packed):
    features = {"ids": [0, 1, 300, -1, 2**62], "names": [b"a", b"", b"\xff"], "shares": [0.5, -2.0]}
    found = read_example(example(features, packed))
    assert found["ids"] == features["ids"]
    assert [bytes(name) for name in found["names"]] == features["names"]
    assert found["shares"] == features["shares"]


def test_unknown_fields_are_passed_over():
    extra = field(9, b"new") + varint(10 * 8) + varint(7) + varint(11 * 8 + 5) + b"1234" + varint(12 * 8 + 1) + b"12345678"
    assert read_example(extra + example({"a": [1]}) + extra) == {"a": [1]}


@pytest.mark.parametrize(
    "payload", [b"\x0a", b"\x0a\x7f", b"\xff" * 12, b"\x0b", b"\x0a\x02\x0a\x7f", b"\x0a\x04\x0a\x02\x08\x01"]
)
def test_what_is_no_example_is_refused(payload):
    with pytest.raises(ValueError):
        read_example(payload)


def test_random_bytes_never_do_worse_than_being_refused():
    chance = random.Random(0)
    good = example({"ids": [1, 2], "names": [b"x"]})
    for _ in range(3000):
        damaged = bytearray(good)
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            read_example(bytes(damaged))
        except ValueError:  # UnicodeDecodeError is one
            continue
