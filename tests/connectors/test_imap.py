"""How IMAP writes the names of folders."""

from __future__ import annotations

import pytest

from isms_workflow.connectors.imap import mailbox_name

NAMES = {  # the first is of RFC 3501 itself, 5.1.3
    "~peter/mail/台北/日本語": "~peter/mail/&U,BTFw-/&ZeVnLIqe-", "INBOX": "INBOX", 'A "b\\c" ~ %': 'A "b\\c" ~ %',
    "R&D": "R&-D", "&": "&-", "&AOQ-": "&-AOQ-", "Empfänger": "Empf&AOQ-nger", "Ä&Ö": "&AMQ-&-&ANY-", "äöü": "&AOQA9gD8-",
    "Sicherheit 🔥": "Sicherheit &2D3dJQ-",
}


@pytest.mark.parametrize(("folder", "written"), NAMES.items(), ids=[*NAMES])
def test_a_folder_s_name_is_written_in_modified_utf_7(folder: str, written: str) -> None:
    """What is ASCII stays as it is, but for the sign behind which the others stand."""
    assert mailbox_name(folder) == written
    assert written.isascii()
