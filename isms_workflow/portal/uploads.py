"""Forms with files: how much of what is sent is kept, and how a file gets where evidence lies."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator

from fastapi import Request
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from isms_workflow.domain.refusals import Wrong
from isms_workflow.domain.rules.attachments import AT_ONCE
from isms_workflow.engine.commands.attachments import Sent
from isms_workflow.portal.deps import Portal
from isms_workflow.portal.texts import file_name, media_type
from isms_workflow.store.files import CHUNK, MIB, FileRefused, Stored

READ_TO_THE_END = re.compile(r"/incidents/(report|[^/]+(/report)?/files)")
"""Forms that come back with all that was typed, however large a file was: what isn't kept of one is read and dropped."""

READ_MIB = 1024
"""So much of one, and no more."""

LONGEST_TEXTS = MIB
"""Bytes of all that is typed into a form."""


class Parser(MultiPartParser):
    """Keeps of each file one byte more than may be taken, so that it is known for too large, and of the first few alone."""

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None], most: int) -> None:
        super().__init__(headers, stream, max_files=500, max_fields=500)
        self._most, self._kept, self._texts = most, 0, 0

    def on_part_begin(self) -> None:
        """Another field."""
        super().on_part_begin()
        self._kept = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Some of a field's bytes."""
        if self._current_part.file is None:
            self._texts += end - start
            if self._texts > LONGEST_TEXTS:
                raise HTTPException(413, "More was typed than is taken, and nothing of it is kept: at most 1 MiB can be sent here.")
            super().on_part_data(data, start, end)
            return
        room = self._most - self._kept if self._current_files <= AT_ONCE else 0
        if (taken := min(end - start, room)) > 0:
            self._kept += taken
            super().on_part_data(data, start, start + taken)


def is_read_to_the_end(request: Request) -> bool:
    """Whether this is such a form, with files."""
    is_upload = request.headers.get("content-type", "").startswith("multipart/")
    return is_upload and request.method == "POST" and READ_TO_THE_END.fullmatch(request.url.path) is not None


async def form(request: Request, most: int) -> FormData:
    """Such a form, of each file at most so many bytes, spooled to disk. Raises `HTTPException` for what is no form."""
    try:
        return await Parser(request.headers, request.stream(), most).parse()
    except MultiPartException as error:
        raise HTTPException(400, error.message) from error


def chosen(sent: FormData, field: str) -> list[UploadFile]:
    """The files that somebody chose in a field; a browser sends an empty one for none."""
    return [each for each in sent.getlist(field) if not isinstance(each, str) and each.filename]


def kept(portal: Portal, file: UploadFile) -> Stored:
    """A file, safely on the disk. Raises `FileRefused`, `DiskFull`."""
    return portal.files.store(_chunks(file), portal.settings.evidence_max_mib * MIB)


def attachment(portal: Portal, file: UploadFile, field: str) -> Sent:
    """A file of a report. Raises `Wrong` naming the field, the file and what to do, `DiskFull`."""
    name = file_name(file.filename or "", field)
    try:
        stored = kept(portal, file)
    except FileRefused as refused:
        raise Wrong(field, name, f"{refused.why}: leave it out, or choose another") from refused
    return Sent(stored, name, media_type(file.content_type))


def _chunks(file: UploadFile) -> Iterator[bytes]:
    while chunk := file.file.read(CHUNK):
        yield chunk
