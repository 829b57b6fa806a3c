"""CRC-32C (Castagnoli, RFC 3720 appendix B.4), fast enough for gigabytes without a compiled package.

A checksum is a chain from byte to byte. Cut into lanes, all lanes are walked at the same time with numpy, and their
results are joined: the checksum is linear, so a lane's result only has to be carried over the bytes that follow it.
"""

from __future__ import annotations

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78  # reflected
_LANE = 1024  # bytes; even, because two are taken at once
_FEW = 8  # lanes are not worth it
_SLAB = 16384 * _LANE  # bytes at once, so that the copies stay small


def crc32c(data: bytes | memoryview) -> int:
    """Return the checksum of some bytes."""
    view = memoryview(data).cast("B")
    state, done, lanes = 0xFFFFFFFF, 0, len(view) // _LANE
    if lanes >= _FEW:
        low, next_low, high, highest = _carry_tables()
        while done < lanes * _LANE:
            end = min(done + _SLAB, lanes * _LANE)
            words = np.frombuffer(view[done:end], "<u2").reshape(-1, _LANE // 2)
            for lane in _walk(words).tolist():
                state = low[state & 255] ^ next_low[state >> 8 & 255] ^ high[state >> 16 & 255] ^ highest[state >> 24] ^ lane
            done = end
    table = _byte_table().tolist()
    for byte in view[done:]:
        state = table[(state ^ byte) & 255] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def masked_crc32c(data: bytes | memoryview) -> int:
    """Return the checksum as TFRecord files store it: turned by 15 bits and moved by a constant."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _walk(lanes: np.ndarray, state: np.ndarray | None = None) -> np.ndarray:
    """Return the state after each row of 16-bit words, from zero or from a given state."""
    table = _word_table()
    state = np.zeros(len(lanes), np.uint32) if state is None else state
    for words in np.ascontiguousarray(lanes.T):
        state = table[(state ^ words) & 0xFFFF] ^ (state >> 16)
    return state


@functools.cache
def _byte_table() -> np.ndarray:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(_POLYNOMIAL), table >> 1)
    return table


@functools.cache
def _word_table() -> np.ndarray:
    """Return what becomes of a state below 2**16 after two bytes of zero."""
    one, word = _byte_table(), np.arange(65536, dtype=np.uint32)
    after = one[word & 255] ^ (word >> 8)
    return one[after & 255] ^ (after >> 8)


@functools.cache
def _carry_tables() -> list[list[int]]:
    """Return, for each byte of a state, what becomes of it after a lane of zeros."""
    bits = _walk(np.zeros((32, _LANE // 2), np.uint16), np.uint32(1) << np.arange(32, dtype=np.uint32))
    tables = []
    for place in range(4):
        table = np.zeros(256, np.uint32)
        for bit in range(8):
            table[np.arange(256) >> bit & 1 == 1] ^= bits[8 * place + bit]
        tables.append(table.tolist())
    return tables
