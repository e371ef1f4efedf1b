"""Reads trace files for tests, and checks whether viewers would accept them."""

import json
import re
from pathlib import Path

ROWS_PER_LANE = 1_000_000


class Trace:
    """The records of a trace file."""

    def __init__(self, records):
        self.records = records

    def of(self, **fields):
        """Returns the records with these fields."""
        return [record for record in self.records if all(record.get(key) == value for key, value in fields.items())]

    @property
    def calls(self):
        return self.of(cat="call")

    @property
    def names(self):
        return sorted(call["name"] for call in self.calls)

    @property
    def kinds(self):
        """Returns the kinds of the lanes by their tids."""
        return {record["tid"]: record["args"]["kind"] for record in self.of(name="plait_lane")}

    @property
    def end(self):
        """Returns the content of the closing record; None if it is missing."""
        last = self.records[-1]
        return last["args"] if last["name"] == "plait_end" else None

    def lane_of(self, record):
        return record["tid"] if record["tid"] in self.kinds else record["tid"] // ROWS_PER_LANE


def read_trace(path):
    """Returns a whole trace, which is JSON from its first byte to its last."""
    return Trace(json.loads(Path(path).read_text()))


def read_cut_trace(path):
    """Returns the content of the whole lines of a trace that may be truncated anywhere."""
    whole = Path(path).read_bytes().rpartition(b"\n")[0].decode().splitlines()
    assert whole[0] == "["
    return Trace([json.loads(line.rstrip(",")) for line in whole[1:] if line != "]"])


def states_of(call):
    """Returns the states of a call, as pairs of a letter and tenths of a microsecond."""
    return [(letter, int(length)) for letter, length in re.findall(r"(\D)(\d+)", call["args"]["states"])]


def sums_of(call):
    """Returns the total time that a call spent in each state, in microseconds by letter."""
    sums = {}
    for letter, length in states_of(call):
        sums[letter] = sums.get(letter, 0) + length / 10
    return sums


def tenths(microseconds):
    return round(microseconds * 10)


def faults_for_viewers(records):
    """Returns what Perfetto and chrome://tracing would reject, by the Trace Event Format: each type of event has its fields,
    times are numbers, and slices of a thread are nested or don't overlap."""
    needed = {"M": ("name", "pid", "args"), "X": ("name", "cat", "pid", "tid", "ts", "dur"),
              "C": ("name", "pid", "ts", "args"), "i": ("name", "pid", "tid", "ts", "s")}
    faults = []
    slices = {}
    for record in records:
        kind = record.get("ph")
        faults += [f"no {field}: {record}" for field in needed.get(kind, ("a known ph",)) if field not in record]
        faults += [f"{field} is not a time: {record}" for field in ("ts", "dur")
                   if field in record and not (isinstance(record[field], (int, float)) and record[field] >= 0)]
        if kind == "X":
            slices.setdefault((record["pid"], record["tid"]), []).append(record)
        if kind == "C" and not all(isinstance(value, (int, float)) for value in record["args"].values()):
            faults.append(f"a count is not a number: {record}")
        if kind == "i" and record["s"] not in "gpt":
            faults.append(f"no scope: {record}")
    for on_thread in slices.values():
        ends = []
        # The sort is stable: of two slices with the same start and length, the outer one comes first in the file.
        for record in sorted(on_thread, key=lambda record: (tenths(record["ts"]), -tenths(record["dur"]))):
            begin, end = tenths(record["ts"]), tenths(record["ts"]) + tenths(record["dur"])
            while ends and ends[-1] <= begin:
                ends.pop()
            if ends and end > ends[-1]:
                faults.append(f"overlaps the slice before: {record}")
            ends.append(end)
    return faults
