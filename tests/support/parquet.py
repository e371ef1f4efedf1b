"""Reads Parquet files of the plainest kind: pages of version 1, PLAIN values, no compression, flat columns."""

import struct

BOOLEAN, INT64, DOUBLE, BYTE_ARRAY = 0, 2, 5, 6


class Thrift:
    """Reads Thrift's compact protocol: a struct becomes a dictionary of its fields by their ids."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def varint(self):
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def number(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def value(self, kind):
        if kind in (5, 6):
            return self.number()
        if kind == 8:
            size = self.varint()
            self.at += size
            return self.data[self.at - size:self.at]
        if kind == 9:
            head = self.data[self.at]
            self.at += 1
            size = self.varint() if head >> 4 == 15 else head >> 4
            return [self.value(head & 15) for _ in range(size)]
        if kind == 12:
            return self.struct()
        raise ValueError(f"type {kind} at {self.at}")

    def struct(self):
        fields, last = {}, 0
        while True:
            head = self.data[self.at]
            self.at += 1
            if head == 0:
                return fields
            last += head >> 4
            fields[last] = self.value(head & 15)


def bits(data, count):
    return [bool(data[i // 8] >> i % 8 & 1) for i in range(count)]


def page_values(page, rows, kind, is_optional):
    """Returns the values of a page, with None for those that are missing."""
    present = [True] * rows
    if is_optional:
        size = struct.unpack("<I", page[:4])[0]
        levels = Thrift(page[4:4 + size])
        header = levels.varint()
        assert header & 1 == 1 and header >> 1 == (rows + 7) // 8, "one bit-packed run"
        present = bits(levels.data[levels.at:], rows)
        page = page[4 + size:]
    count = sum(present)
    if kind == BYTE_ARRAY:
        values, at = [], 0
        for _ in range(count):
            size = struct.unpack_from("<I", page, at)[0]
            values.append(page[at + 4:at + 4 + size].decode())
            at += 4 + size
        assert at == len(page)
    elif kind == BOOLEAN:
        values = bits(page, count)
    else:
        values = list(struct.unpack(f"<{count}{'q' if kind == INT64 else 'd'}", page))
    rest = iter(values)
    return [next(rest) if there else None for there in present]


def read(path):
    """Returns the columns of a file by name, and the number of its row groups."""
    data = path.read_bytes()
    assert data[:4] == data[-4:] == b"PAR1"
    footer = struct.unpack("<I", data[-8:-4])[0]
    metadata = Thrift(data, len(data) - 8 - footer).struct()
    columns = {element[4].decode(): [] for element in metadata[2][1:]}
    for group in metadata.get(4, []):
        for element, chunk in zip(metadata[2][1:], group[1]):
            start = chunk[3][9]
            reader = Thrift(data, start)
            page = reader.struct()
            content = data[reader.at:reader.at + page[3]]
            assert reader.at + page[3] - start == chunk[3][7]
            columns[element[4].decode()] += page_values(content, page[5][1], element[1], element[3] == 1)
    assert all(len(values) == metadata[3] for values in columns.values())
    return columns, len(metadata.get(4, []))
