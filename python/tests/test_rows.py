"""Rows of tables as requests."""

from __future__ import annotations

import pathlib
import subprocess
from typing import Any

import plait
import pytest
from conftest import PROGRAM, lines_of


def test_each_row_of_a_file_is_a_request(url: str, tmp_path: pathlib.Path) -> None:
    table, results = tmp_path / "items.csv", tmp_path / "out.jsonl"
    table.write_text("id,name,n\na,Müller & Co,7\nb,\"x, y\",8\n")
    rows = plait.Rows(
        f"{url}/items/{{{{row.id}}}}?q={{{{row.name}}}}",
        body='{"name": {{row.name}}, "n": {{row.n:number}}}',
        headers={"X-Row": "{{row.id}}"},
        id_from="id",
        keep=["id", "n"],
    )
    results_of_run = list(plait.run(table, results, rows=rows, ordered=True))
    first = results_of_run[0]
    assert [result.custom_id for result in results_of_run] == ["a", "b"]
    assert first.metadata == {"id": "a", "n": "7"}
    assert first.json(pointer="/target") == "/items/a?q=M%C3%BCller%20%26%20Co"
    assert (first.json(pointer="/method"), first.json(pointer="/headers/x-row")) == ("POST", "a")
    assert first.json(pointer="/body") == '{"name": "Müller & Co", "n": 7}'

    again = plait.run(table, results, rows=rows, ordered=True).finish()
    assert (again.done, again.ok, again.retries) == (2, 2, 0)
    others = plait.Rows(f"{url}/{{{{row.id}}}}", id_from="id")
    with pytest.raises(plait.InputError, match="url was"):
        plait.run(table, results, rows=others, ordered=True).finish()


def test_a_row_that_lacks_a_value_is_a_bad_input(url: str, tmp_path: pathlib.Path) -> None:
    table = tmp_path / "items.csv"
    table.write_text("id,name\na,\nb,y\n")
    results = list(plait.run(table, rows=plait.Rows(f"{url}/{{{{row.name}}}}"), ordered=True))
    assert [result.outcome for result in results] == ["failed", "ok"]
    assert isinstance(results[0].error, plait.InputError) and "name" in str(results[0].error)
    assert "empty_is_text=True takes it for text" in str(results[0].error)
    empty = plait.Rows(f"{url}/?q={{{{row.name}}}}", empty_is_text=True)
    assert [result.outcome for result in plait.run(table, rows=empty)] == ["ok", "ok"]


def test_the_command_resumes_a_run_of_rows(url: str, tmp_path: pathlib.Path) -> None:
    table, results = tmp_path / "items.csv", tmp_path / "out.jsonl"
    table.write_text("id\na\nb\n")
    template = f"{url}/{{{{row.id}}}}"
    assert plait.run(table, results, rows=plait.Rows(template, id_from="id")).finish()
    command = [PROGRAM, "run", str(table), "-o", str(results), "--url", template, "--id-from", "id", "--quiet"]
    subprocess.run(command, check=True)
    assert {line["custom_id"] for line in lines_of(results)} == {"a", "b"}


def test_rows_are_checked(tmp_path: pathlib.Path) -> None:
    table = tmp_path / "items.csv"
    table.write_text("id\na\n")
    with pytest.raises(plait.InputError, match="rows is for a file of rows"):
        plait.run(["http://a.example"], rows=plait.Rows("http://a.example"))
    wrong: Any = "http://a.example/{{row.id}}"
    with pytest.raises(plait.InputError, match="rows is a plait.Rows"):
        plait.run(table, rows=wrong)
    with pytest.raises(plait.InputError, match="exclude each other"):
        plait.Rows("http://a.example", body="{}", form={"a": "b"})
    with pytest.raises(plait.InputError, match="format is one of 'csv'"):
        kind: Any = "xlsx"
        plait.Rows("http://a.example", format=kind)
    with pytest.raises(plait.InputError, match="keep is a list of columns"):
        plait.Rows("http://a.example", keep="id")
    for rows, message in (
        (plait.Rows("https://{{row.id}}.example"), r"^url: .*the url is '\{\{row.url\}\}'"),
        (plait.Rows("https://a.example", body="{"), "^body: "),
        (plait.Rows("https://a.example", headers={"a b": "{{row.id}}"}), "^headers: "),
        (plait.Rows("https://a.example", table="t"), "it has no tables"),
    ):
        with pytest.raises(plait.InputError, match=message) as error:
            plait.run(table, rows=rows)
        assert "--" not in str(error.value)
    with pytest.raises(plait.InputError) as missing:
        plait.run(table, rows=plait.Rows("http://a.example/{{row.nothing}}")).finish()
    assert "nothing" in str(missing.value) and "--" not in str(missing.value)
    assert repr(plait.Rows("http://a.example", id_from="id")) == "Rows('http://a.example', id_from='id')"
