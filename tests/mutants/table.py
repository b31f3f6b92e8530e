"""The whole table: what all rows_*.py beside this file hold. By what the rows
are about: see README.md."""

import importlib
import pathlib

HERE = pathlib.Path(__file__).parent

MUTANTS = [row for path in sorted(HERE.glob("rows_*.py"))
           for row in importlib.import_module(path.stem).MUTANTS]
