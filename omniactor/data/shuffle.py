"""Shuffled orders in which any place can be asked for at once, without a list of all of them."""

from __future__ import annotations

import hashlib

_ROUNDS = 6
_WORD = (1 << 64) - 1


class Shuffled:
    """The numbers 0 to count - 1 in an order that the seeds fix, any of them at once and without a list of them.

    A Feistel network is a permutation of pairs of half words whatever its round function is; numbers beyond `count` are sent
    through it again. Unlike numpy's permutations it is the same in every version.

    Args:
        count: how many numbers.
        seeds: of the order.
    """

    def __init__(self, count: int, *seeds: object) -> None:
        """Derive the keys."""
        self._count, self._half = count, max(1, ((count - 1).bit_length() + 1) // 2)
        digest = hashlib.blake2b(repr(seeds).encode(), digest_size=8 * _ROUNDS).digest()
        self._keys = [int.from_bytes(digest[8 * n : 8 * n + 8], "little") for n in range(_ROUNDS)]

    def __len__(self) -> int:
        """Return how many numbers there are."""
        return self._count

    def __getitem__(self, place: int) -> int:
        """Return the number at a place."""
        if not 0 <= place < self._count:
            raise IndexError(place)
        mask = (1 << self._half) - 1
        while True:
            left, right = place >> self._half, place & mask
            for key in self._keys:
                left, right = right, left ^ (_mix(right ^ key) & mask)
            place = left << self._half | right
            if place < self._count:
                return place


def _mix(word: int) -> int:
    """Return a word of 64 bits in which every bit depends on every bit (the finish of splitmix64)."""
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
    return word ^ word >> 31
