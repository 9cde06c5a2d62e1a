"""A Dovecot of one's own: unprivileged, in a temporary folder, on free ports, with one mailbox."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import service_absent
from tests.notify.authority import Authority
from tests.patience import eventually, free_port

PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin"
USER, PASSWORD = "security", "as-secret-as-any"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {login}
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
first_valid_uid = 1
imap_capability = {capability}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    """The server; it may be stopped and started again on the same ports and mails."""

    folder: Path
    plain: int
    tls: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns once it answers."""
        self.process = subprocess.Popen([str(shutil.which("dovecot", path=PLACES)), "-F", "-c", str(self.folder / "dovecot.conf")],
                                        stderr=subprocess.PIPE)
        eventually("Dovecot answers", self._answers)

    def stop(self) -> None:
        """As if its computer were off."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def _answers(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            said = self.process.stderr.read().decode() if self.process.stderr else ""
            raise AssertionError(f"Dovecot ended: {said}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.plain), 1) as line:
            return line.recv(4) == b"* OK"
        return False

    @contextmanager
    def reader(self) -> Iterator[imaplib.IMAP4]:
        """Somebody at a mail program."""
        with imaplib.IMAP4("127.0.0.1", self.plain, timeout=20) as server:
            server.login(USER, PASSWORD)
            yield server

    def deliver(self, content: bytes, folder: str = "INBOX") -> None:
        """A mail arrives."""
        with self.reader() as server:
            assert server.append(folder, "", imaplib.Time2Internaldate(time.time()), content)[0] == "OK"

    def flags(self, folder: str) -> list[str]:
        """The flags of each mail in a folder; none if it isn't there."""
        with self.reader() as server:
            if server.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            found = server.uid("FETCH", "1:*", "(FLAGS)")[1]
        return [" ".join(sorted(each.decode() for each in imaplib.ParseFlags(line.split(b" ", 1)[1]) if each != b"\\Recent"))
                for line in found if isinstance(line, bytes)]


def room(folder: Path) -> Path:
    """The folder, open to the server's own users as far as they have to go."""
    for each in (folder, *folder.parents):
        if each.name.startswith(("pytest", "popen", "dovecot")):
            each.chmod(each.stat().st_mode | 0o011)
    return folder


@contextmanager
def serving(trusted: Authority, folder: Path, capability: str = "", password: str = PASSWORD) -> Iterator[Dovecot]:
    """A server with an empty mailbox."""
    if shutil.which("dovecot", path=PLACES) is None:
        service_absent("Dovecot", f"no `dovecot` in {PLACES}")
    server = made(folder, trusted, capability, password)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def made(folder: Path, authority: Authority, capability: str = "", password: str = PASSWORD) -> Dovecot:
    """One that isn't started yet. As root it takes the users that its package brings, else it is whoever tests."""
    is_root = os.getuid() == 0
    name, login = ("dovecot", "dovenull") if is_root else (pwd.getpwuid(os.getuid()).pw_name,) * 2
    owner = pwd.getpwnam(name)
    for part in ("", "mail", "home"):
        (folder / part).mkdir(exist_ok=True)
        os.chown(folder / part, owner.pw_uid, owner.pw_gid)
    server = Dovecot(folder, free_port(), free_port())
    (folder / "dovecot.conf").write_text(CONFIG.format(
        folder=folder, user=name, group=grp.getgrgid(owner.pw_gid).gr_name, login=login, password=password, uid=owner.pw_uid,
        gid=owner.pw_gid, certificate=authority.certificate.parent / "server.pem", plain=server.plain, tls=server.tls,
        capability=capability))
    return server
