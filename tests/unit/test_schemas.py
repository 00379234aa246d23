"""The JSON Schemas, and whether what is printed is of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from unit.made_up import PROJECT

from neverstale import schemas
from neverstale.diagnosis.codes import Code
from neverstale.diagnosis.doctor import Diagnosis
from neverstale.diagnosis.findings import Evidence, Finding, Fix, Verdict, finding
from neverstale.diagnosis.place import Place
from neverstale.diagnosis.reference import Depth
from neverstale.environments.environment import VENV, Environment
from neverstale.environments.imports import Imports, Origin
from neverstale.environments.path_search import Answer
from neverstale.project.metadata import TARGETS
from neverstale.project.pyproject import IGNORING, SETTINGS
from neverstale.report import FORMAT, as_json

FOLDER = Path(schemas.__file__).parent


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return schema


def is_valid(value: Any, schema: Mapping[str, Any]) -> bool:  # noqa: ANN401
    return bool(jsonschema.validators.validator_for(schema)(schema).is_valid(value))


@pytest.mark.parametrize("name", ["doctor", "settings"])
def test_schemas_are_schemas(name: str) -> None:
    schema = schema_of(name)
    jsonschema.validators.validator_for(schema).check_schema(schema)


def diagnosis(depth: Depth, verdict: Verdict, code: Code) -> Diagnosis:
    environment = Environment(VENV, Path("/x"), Path("/x"))
    found = Finding(code, (Evidence("x", "1", "2"), Evidence("y")), Fix((("a",),), "b"))
    place = Place(".venv", Path("/x"), verdict, (found,), None, "why", environment)
    imports = Imports(environment, (Origin("a", None, "b"),), (Origin("a", Path("/x"), "b"),))
    answer = Answer("a", Path("/x"), Path("/x"), None)
    return Diagnosis(
        project=PROJECT,
        depth=depth,
        compared="words",
        places=(place,),
        commands=((answer, None), (answer, ".venv")),
        imports=(imports,),
        fixes=(("make", "install"),),
        ignored=((".venv", finding(code, Fix(advice="b"), "x"), "because"),),
    )


def test_what_the_doctor_prints() -> None:
    schema = schema_of("doctor")
    validator = jsonschema.validators.validator_for(schema)(schema)
    for depth, verdict in ((depth, verdict) for depth in Depth for verdict in Verdict):
        printed = json.loads(as_json(diagnosis(depth, verdict, Code.NS203)))
        validator.validate(printed)
    assert printed["format"] == FORMAT
    assert not validator.is_valid({**printed, "more": 1})


def test_every_code_is_of_the_schema() -> None:
    pattern = {"type": "string", **schema_of("doctor")["$defs"]["finding"]["properties"]["code"]}
    assert all(is_valid(code.name, pattern) for code in Code)
    assert not is_valid("NS801", pattern)
    assert not is_valid("NS2033", pattern)


def test_verdicts_and_depths_are_those_of_the_code() -> None:
    schema = schema_of("doctor")
    verdicts = schema["$defs"]["place"]["properties"]["verdict"]["enum"]
    assert set(verdicts) == {verdict.value for verdict in Verdict}
    assert set(schema["properties"]["depth"]["enum"]) == {depth.value for depth in Depth}
    assert set(Evidence._fields) == set(
        schema["$defs"]["finding"]["properties"]["evidence"]["items"]["properties"]
    )


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ({}, True),
        ({"target": "tool"}, True),
        ({"target": "elsewhere"}, False),
        ({"tests": "wheel"}, True),
        ({"tests": "none"}, False),
        ({"generated": ["x"]}, True),
        ({"more": 1}, False),
        ({"ignore": [{"code": "NS203", "reason": "x"}]}, True),
        ({"ignore": [{"code": "NS203", "path": "*", "reason": "x"}]}, True),
        ({"ignore": [{"code": "NS203"}]}, False),
        ({"ignore": [{"code": "NS203", "reason": ""}]}, False),
        ({"ignore": [{"code": "F203", "reason": "x"}]}, False),
        ({"ignore": [{"code": "NS203", "reason": "x", "more": 1}]}, False),
    ],
)
def test_settings(value: dict[str, Any], valid: bool) -> None:
    assert is_valid(value, schemas.settings("neverstale")) == valid


def test_settings_are_those_of_the_code() -> None:
    schema = schemas.settings("neverstale")
    assert schema["$id"] == "https://json.schemastore.org/neverstale.json"
    assert set(schema["properties"]) == set(SETTINGS)
    assert schema["properties"]["target"]["enum"] == list(TARGETS)
    assert set(schema["properties"]["ignore"]["items"]["properties"]) == set(IGNORING)
