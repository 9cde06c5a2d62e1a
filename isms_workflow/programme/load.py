"""Loading a programme: from a folder of YAML files, or from the texts that the database keeps."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from isms_workflow.programme.addresses import HeartbeatAddress
from isms_workflow.programme.basics import Strict
from isms_workflow.programme.check import check
from isms_workflow.programme.corrective import CorrectiveWorkflow
from isms_workflow.programme.errors import Problem, ProgrammeRefused
from isms_workflow.programme.incidents import IncidentWorkflow
from isms_workflow.programme.ladders import WrittenLadder, WrittenTeam
from isms_workflow.programme.model import Calendar, Flood, Hour, Programme, Responsibility, Rotation, Workflow
from isms_workflow.programme.obligations import FOLDER, ORGANISATION, Organisation, Regime
from isms_workflow.programme.references import Place
from isms_workflow.programme.yaml import Document, read

LADDERS = "ladders.yaml"

SHARED = ("responsibilities.yaml", LADDERS, "calendar.yaml", "audit.yaml")
"""What every kind uses; each other file is the section of one kind, named after it, the rotations, how messages are
bundled, or an obligation's."""

ON_CALL = "oncall.yaml"
"""An organisation without it has nobody on call."""

NOTIFICATIONS = "notifications.yaml"
"""Without it every message leaves by itself."""

PLAIN = {"missing": "is missing", "extra_forbidden": "is not known here: look for a slip of the pen"}


class _Responsibilities(Strict):
    responsibilities: tuple[Responsibility, ...]


class _Ladders(Strict):
    ladders: tuple[WrittenLadder, ...]


class _OnCall(Strict):
    rotations: tuple[Rotation, ...] = ()
    teams: tuple[WrittenTeam, ...] = ()


class _Notifications(Strict):
    flood: Flood | None = None


class _Audit(Strict):
    checkpoint_file: str | None = None
    digest_hour: Hour = 8
    heartbeat_url: HeartbeatAddress | None = None


def load(folder: Path) -> Programme:
    """The programme in a folder. Raises `ProgrammeRefused` with every problem, each with file and line."""
    if not folder.is_dir():
        raise ProgrammeRefused((Problem(str(folder), 0, "", "is no folder: finish set-up, or name it in the settings"),))
    return parse(read_texts(folder))


def read_texts(folder: Path) -> dict[str, str]:
    """The texts of a programme's files, by name. Raises `ProgrammeRefused` for what is no UTF-8."""
    texts, problems = {}, []
    for path in sorted((*folder.glob("*.yaml"), *folder.glob(f"{FOLDER}*.yaml"))):
        name = path.relative_to(folder).as_posix()
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            problems.append(Problem(name, 0, "", "is no UTF-8 text: save it as UTF-8"))
    if problems:
        raise ProgrammeRefused(tuple(problems))
    return texts


def parse(files: Mapping[str, str]) -> Programme:
    """The programme of these texts, which are read once however often they are asked for. Raises `ProgrammeRefused`."""
    return _parsed(tuple(sorted(files.items())))


@lru_cache(maxsize=4)
def _parsed(texts: tuple[tuple[str, str], ...]) -> Programme:
    programme, documents = _read(dict(texts))
    found = check(programme, _places(documents))
    if found:
        raise ProgrammeRefused(tuple(found))
    return programme


def kept(files: Mapping[str, str]) -> Programme:
    """A version that was checked when it was applied: cases finish under it, whatever later releases ask for."""
    return _read(files)[0]


def _read(files: Mapping[str, str]) -> tuple[Programme, Mapping[str, Document]]:
    documents, problems = _documents(files)
    if problems:
        raise ProgrammeRefused(tuple(problems))
    parts = {name: _validated(document, _model_of(name), problems) for name, document in documents.items()}
    problems += _twice(parts, _places(documents))
    if problems:
        raise ProgrammeRefused(tuple(problems))
    return _assembled(parts, files), documents


def digest(files: Mapping[str, str]) -> str:
    """SHA-256 over the names and texts, in the order of the names."""
    return hashlib.sha256(json.dumps(sorted(files.items()), ensure_ascii=False).encode()).hexdigest()


def shipped() -> dict[str, str]:
    """The texts of the programme that the product ships."""
    inside = resources.files("isms_workflow") / "_config"
    if inside.is_dir():
        return {f"{folder}{f.name}": f.read_text(encoding="utf-8") for folder in ("", FOLDER)
                for f in inside.joinpath(folder).iterdir() if f.name.endswith(".yaml")}
    return read_texts(Path(__file__).parents[2] / "config")


def copy_shipped(folder: Path) -> None:
    """Makes the organisation's own programme of the shipped one; files that are there already stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in shipped().items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_text(text, encoding="utf-8")


def write_calendar(folder: Path, zone: str, country: str | None, subdivision: str | None) -> None:
    """Writes zone and holidays into the programme's calendar; its comments and other lines stay."""
    path = folder / "calendar.yaml"
    text = path.read_text(encoding="utf-8")
    for name, value in (("zone", zone), ("country", country), ("subdivision", subdivision)):
        line = f"{name}: {value if value is not None else 'null'}"
        text, count = re.subn(rf"(?m)^{name}:[^\n#]*", line + " ", text)
        text = text if count else f"{text.rstrip()}\n{line}\n"
    path.write_text(re.sub(r"(?m) +$", "", text), encoding="utf-8")


def _documents(files: Mapping[str, str]) -> tuple[dict[str, Document], list[Problem]]:
    documents: dict[str, Document] = {}
    problems = [Problem(name, 0, "", "is missing: copy it from the shipped programme")
                for name in SHARED if name not in files]
    for name, text in sorted(files.items()):
        document, found = read(name, text)
        problems += found
        if document:
            documents[name] = document
    return documents, problems


def _model_of(name: str) -> type[BaseModel]:
    known: dict[str, type[BaseModel]] = {"responsibilities.yaml": _Responsibilities, LADDERS: _Ladders,
                                         "calendar.yaml": Calendar, "audit.yaml": _Audit,
                                         "incident.yaml": IncidentWorkflow, "corrective_action.yaml": CorrectiveWorkflow,
                                         ON_CALL: _OnCall,
                                         NOTIFICATIONS: _Notifications, ORGANISATION: Organisation}
    return known.get(name, Regime if name.startswith(FOLDER) else Workflow)


def _validated(document: Document, model: type[BaseModel], problems: list[Problem]) -> BaseModel | None:
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        problems += [_problem(document, each) for each in error.errors()]
        return None


def _problem(document: Document, error: Any) -> Problem:
    path = tuple(error["loc"])
    field = ".".join(str(part) for part in path)
    given = error.get("input")
    what = PLAIN.get(error["type"]) or f"{error['msg'].removeprefix('Value error, ')}" + (
        f" (here: {given!r})" if isinstance(given, (str, int, float)) and error["type"] != "value_error" else "")
    return Problem(document.file, document.line(path), field, what)


def _twice(parts: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    """Ids that stand twice in a list: the later would silently take the earlier one's place."""
    for file, part in parts.items():
        for name in ("responsibilities", "ladders", "schedules", "severities", "categories", "gravities", "rotations", "teams",
                     "questions", "stages", "facts"):
            ids = [each.id for each in getattr(part, name, ())]
            for index, found in enumerate(ids):
                if found in ids[:index]:
                    yield Problem(file, place(file, name, index, "id"), found, "stands here twice: keep one")


def _assembled(parts: Mapping[str, Any], files: Mapping[str, str]) -> Programme:
    teams = {t.id: t.team() for t in getattr(parts.get(ON_CALL), "teams", ())}
    return Programme(
        responsibilities={r.id: r for r in parts["responsibilities.yaml"].responsibilities},
        ladders={ladder.id: ladder.told(teams) for ladder in parts[LADDERS].ladders},
        rotations={r.id: r for r in getattr(parts.get(ON_CALL), "rotations", ())},
        teams=teams,
        calendar=parts["calendar.yaml"],
        obligations={name.removeprefix(FOLDER).removesuffix(".yaml"): part
                     for name, part in parts.items() if isinstance(part, Regime)},
        organisation=parts.get(ORGANISATION) or Organisation(),
        workflows={name.removesuffix(".yaml"): part for name, part in parts.items() if isinstance(part, Workflow)},
        checkpoint_file=parts["audit.yaml"].checkpoint_file,
        digest_hour=parts["audit.yaml"].digest_hour,
        heartbeat_url=parts["audit.yaml"].heartbeat_url,
        flood=getattr(parts.get(NOTIFICATIONS), "flood", None),
        digest=digest(files),
        files=dict(files),
    )


def written_ladders(programme: Programme) -> dict[str, WrittenLadder]:
    """A programme's ladders as their file has them, by id: what comes in turn, and what is counted, is one level there."""
    document, _ = read(LADDERS, programme.files[LADDERS])
    assert document is not None  # it was read when the programme was
    return {each.id: each for each in _Ladders.model_validate(document.value).ladders}


def place_of(programme: Programme) -> Place:
    """The lines of a programme's own files, for whoever finds something wrong that the texts alone don't show."""
    return _places(_documents(programme.files)[0])


def _places(documents: Mapping[str, Document]) -> Place:
    def place(file: str, *path: str | int) -> int:
        return documents[file].line(path)

    return place
