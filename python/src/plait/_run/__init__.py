"""Runs: many calls whose results are in a file, and which can be resumed."""

from .check_report import CheckReport, check
from .result import Report, RunResult
from .rows import Rows
from .run import Run, log_warning, run

__all__ = ["CheckReport", "Report", "Rows", "Run", "RunResult", "check", "log_warning", "run"]
