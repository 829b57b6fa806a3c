"""TFRecord files of `tf.train.Example`s, read without TensorFlow and without generated code.

A record is its length (8 bytes, little endian), the length's checksum (4), the payload and its checksum; the
file may be compressed as a whole. The payload is a protocol buffer: Example { Features { map<string, Feature> } }, and a
Feature is a list of bytes, of floats or of 64-bit integers (tensorflow/core/example/{example,feature}.proto).
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from omniactor.data.sources.crc32c import masked_crc32c
from omniactor.errors import InputError

MAX_RECORD = 1 << 30
"""Bytes; a longer one is taken for damage, before memory is asked for."""
Values = list[memoryview] | list[int] | list[float]


def read_records(path: Path) -> Iterator[memoryview]:
    """Yield the payloads of a file, one at a time in memory.

    Raises:
        InputError: damaged, cut short, or no such file; what came before is sound.
    """
    number, advice = 0, "download it again"
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            with gzip.GzipFile(fileobj=raw) if packed else raw as file:
                while head := file.read(12):
                    if len(head) < 12 or masked_crc32c(head[:8]) != struct.unpack("<I", head[8:])[0]:
                        raise InputError(f"expected record {number} of {path.name}, got a damaged head; {advice}")
                    length = struct.unpack("<Q", head[:8])[0]
                    if length > MAX_RECORD:
                        raise InputError(f"expected records of at most {MAX_RECORD} bytes in {path.name}, got one of {length}")
                    body = memoryview(file.read(length + 4))
                    if len(body) < length + 4:
                        raise InputError(f"expected all of record {number} of {path.name}, got a file cut short; {advice}")
                    if masked_crc32c(body[:length]) != struct.unpack("<I", body[length:])[0]:
                        raise InputError(f"expected record {number} of {path.name} as it was written, got other bytes; {advice}")
                    yield body[:length]
                    number += 1
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise InputError(f"expected record {number} of {path.name}, got: {reason[:120]}; {advice}") from error


def read_example(payload: bytes | memoryview) -> dict[str, Values]:
    """Return the features of an Example: name -> values; bytes stay where they are in the payload.

    Raises:
        ValueError: not an Example.
    """
    found: dict[str, Values] = {}
    for number, features in message_fields(memoryview(payload)):
        if number != 1:
            continue
        for inner, entry in message_fields(_message(features)):
            if inner == 1:
                name, values = _entry(_message(entry))
                found[name] = values
    return found


def _entry(entry: memoryview) -> tuple[str, Values]:
    name, values = "", []
    for number, value in message_fields(entry):
        if number == 1:
            name = bytes(_message(value)).decode("utf-8")
        elif number == 2:
            for kind, content in message_fields(_message(value)):
                values = {1: _bytes, 2: _floats, 3: _integers}.get(kind, lambda _: [])(_message(content))
    return name, values


def _bytes(content: memoryview) -> list[memoryview]:
    return [_message(value) for number, value in message_fields(content) if number == 1]


def _floats(content: memoryview) -> list[float]:
    values: list[float] = []
    for number, value in message_fields(content):
        if number == 1:
            packed = _message(value)
            if len(packed) % 4:
                raise ValueError("floats cut short")
            values += struct.unpack(f"<{len(packed) // 4}f", packed)
    return values


def _integers(content: memoryview) -> list[int]:
    values: list[int] = []
    for number, value in message_fields(content):
        if number != 1:
            continue
        if isinstance(value, int):  # not packed
            values.append(value)
            continue
        at = 0
        while at < len(value):
            integer, at = _varint(value, at)
            values.append(integer)
    return [value - (1 << 64) if value >> 63 else value for value in values]


def _message(value: memoryview | int) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where bytes belong")
    return value


def message_fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Yield (number, value) of a message's fields; fixed-width values as their bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == 2:
            length, at = _varint(message, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + length > len(message):
            raise ValueError("a field longer than its message")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("a number without an end")
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value & (1 << 64) - 1, at
