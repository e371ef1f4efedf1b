"""Runs: many calls whose results are in a file, and which can be resumed."""

from .result import Report, RunResult
from .rows import Rows
from .run import Run, log_warning, run

__all__ = ["Report", "Rows", "Run", "RunResult", "log_warning", "run"]
