"""Records as JSON and as columns, each made of the other without a Python object for every value.

Columns say what a document says if writing them out gives the document again: that is how a caller can tell,
since reading by a schema passes over unknown keys and takes what is missing for null.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from functools import cache

import arro3.io
import numpy as np
import orjson
import pyarrow as pa
from arro3.core import Schema


def joined(documents: Sequence[bytes]) -> bytes:
    """JSON documents one behind the other, a line feed after each."""
    return b"\n".join([*documents, b""])


def read(content: bytes, n_documents: int, schema: pa.Schema) -> pa.RecordBatch | None:
    """Joined documents as rows of a schema; None when they are not as many objects of its types.

    Unknown keys are passed over, of equal keys the last counts, what is missing is null, and a number may stand in
    quotation marks.
    """
    if _has_nought(content):
        return None  # A message of the reader that quotes this character ends the process (arro3 0.9.1).
    try:
        reader = arro3.io.read_json(io.BytesIO(content), schema=_reader_schema(schema), batch_size=n_documents)
        batches = list(pa.RecordBatchReader.from_stream(reader.read_all()))
    except Exception:  # The reader raises nothing narrower.
        return None
    return batches[0] if len(batches) == 1 and batches[0].num_rows == n_documents else None


def _has_nought(content: bytes) -> bool:
    """Whether JSON may have the character U+0000 in it."""
    return b"\x00" in content or content.rfind(b"\\u0000") >= 0  # From behind is faster than `in`.


def made_of(lines: Sequence[bytes], schema: pa.Schema) -> pa.RecordBatch:
    """The columns of records of a schema that are there as JSON."""
    batch = read(joined(lines), len(lines), schema)
    return pa.RecordBatch.from_pylist([orjson.loads(line) for line in lines], schema) if batch is None else batch


@cache
def _reader_schema(schema: pa.Schema) -> Schema:
    return Schema.from_arrow(schema)


def lines(batch: pa.RecordBatch) -> list[bytes]:
    """The rows as JSON without white space: keys in the order of the fields, null where there is no value. No other
    character is escaped than JSON asks for."""
    written = _Lines()
    arro3.io.write_ndjson(batch, written, explicit_nulls=True)
    return written.lines[:-1]


class _Lines(io.RawIOBase):
    """A file that keeps what is written to it line by line: `lines`, and last what follows the last line feed."""

    def __init__(self) -> None:
        self.lines = [b""]

    def write(self, piece: bytes) -> int:
        rest, *more = piece.split(b"\n")
        self.lines[-1] += rest
        self.lines += more
        return len(piece)


def says(batch: pa.RecordBatch, content: bytes) -> bool:
    """Whether the rows are written as exactly these joined documents."""
    expected = _Expected(content)
    with suppress(Exception):  # Of what the file raises, the writer makes an exception of its own.
        arro3.io.write_ndjson(batch, expected, explicit_nulls=True)
    return expected.n_left == 0


class _Expected(io.RawIOBase):
    """A file that takes only the content that is expected of it, and keeps none."""

    def __init__(self, content: bytes) -> None:
        self._content, self.n_left = content, len(content)

    def write(self, piece: bytes) -> int:
        at = len(self._content) - self.n_left
        if self._content[at : at + len(piece)] != piece:
            raise ValueError("something else was expected")
        self.n_left -= len(piece)
        return len(piece)


def canonical(batch: pa.RecordBatch) -> list[bytes]:
    """The canonical JSON of each row."""
    return lines(in_canonical_order(batch))


def in_canonical_order(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same rows with all fields sorted by name, as canonical JSON has the keys of every object."""
    names = sorted(batch.schema.names)
    return pa.RecordBatch.from_arrays([_sorted(batch.column(name)) for name in names], names)


def _sorted(array: pa.Array) -> pa.Array:
    """The same values with the fields of structs sorted by name, on every depth."""
    if pa.types.is_struct(array.type):
        names = sorted(field.name for field in array.type)
        nulls = array.is_null() if array.null_count else None
        return pa.StructArray.from_arrays([_sorted(array.field(name)) for name in names], names, mask=nulls)
    if pa.types.is_list(array.type):
        values = _sorted(array.values)
        buffers = array.buffers()[:2]
        return pa.Array.from_buffers(pa.list_(values.type), len(array), buffers, offset=array.offset, children=[values])
    return array


# Single columns of numpy's and for numpy, without nulls. What pyarrow has for it imports pandas, which takes longer
# than most runs.


@cache
def of_strings(values: tuple[str, ...]) -> pa.StringArray:
    """A column of strings."""
    encoded = [value.encode("utf-8") for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


def of_numbers(numbers: np.ndarray) -> pa.Int64Array:
    """A column of whole numbers."""
    content = np.ascontiguousarray(numbers, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(content), [None, pa.py_buffer(content)])


def of_truths(truths: np.ndarray) -> pa.BooleanArray:
    """A column of truths."""
    bits = np.packbits(truths, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(truths), [None, pa.py_buffer(bits)])


def to_numbers(array: pa.Array) -> np.ndarray:
    """The whole numbers of a column."""
    return _content(array, np.dtype(f"i{array.type.bit_width // 8}"))[array.offset :][: len(array)]


def to_truths(array: pa.BooleanArray) -> np.ndarray:
    """The truths of a column."""
    bits = np.unpackbits(_content(array, np.dtype("u1")), bitorder="little")
    return bits[array.offset :][: len(array)].view(bool)


def _content(array: pa.Array, of: np.dtype) -> np.ndarray:
    content = array.buffers()[1]
    return np.frombuffer(content, of) if content else np.zeros(0, of)


def distinct(numbers: np.ndarray) -> np.ndarray:
    """The different ones of whole numbers that are neither negative nor large, in rising order. `np.unique` imports
    masked arrays first."""
    return np.flatnonzero(np.bincount(numbers))


def covered(starts: np.ndarray, ends: np.ndarray, n: int) -> np.ndarray:
    """Of each of n places whether it lies in one of some intervals that stand one behind the other."""
    bounds = np.concatenate(([0], np.stack((starts, ends), axis=1).ravel(), [n]))
    sizes = np.diff(np.maximum.accumulate(bounds))
    return np.repeat(np.arange(len(sizes)) % 2 == 1, sizes)


def eights(content: np.ndarray) -> np.ndarray:
    """The eight bytes from each place on, and from the end, as one number; behind the last there are noughts."""
    padded = np.concatenate((content, np.zeros(8, dtype=np.uint8)))
    return np.lib.stride_tricks.as_strided(padded[:8].view("<u8"), (len(content) + 1,), (1,))


FIRST_BYTES = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)
"""What keeps the first bytes of such a number, by how many."""
