"""What went wrong with an SMTP server, as one of three meanings: can't be reached, not now, never."""

from __future__ import annotations

import ssl

import aiosmtplib

from isms_workflow.domain.effects import Busy, EffectError, Refused, Unreachable
from isms_workflow.notify.wording import one_line
from isms_workflow.settings import Settings

CLOSING = 421
"""The server ends the connection, whatever it was asked (RFC 5321, 3.8)."""

SIGN_IN = frozenset({530, 534, 535, 538})
"""The server wants us to sign in, or in another way (RFC 4954, 6): no message is at fault."""

TOO_LARGE = 552

LONGEST_ANSWER = 300


def meaning(error: Exception, settings: Settings) -> EffectError:
    """What an attempt's failure means for the mail: `Unreachable`, `Busy` or `Refused`, with the server's words.

    Only an answer to this recipient or this content is the mail's fault. What every other mail would
    meet as well (no connection, no TLS, no sign-in, a sender that isn't taken) is the service's.
    """
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return Unreachable(f"{where} refuses to sign us in: {_said(error)}. Check smtp_user and smtp_password.")
    if isinstance(error, aiosmtplib.SMTPConnectResponseError | aiosmtplib.SMTPHeloError):
        return Unreachable(f"{where} takes no mail now: {_said(error)}.")
    if isinstance(error, aiosmtplib.SMTPSenderRefused):
        return _of_sender(error, where, settings)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        return _of_message(error, where)
    return _of_connection(error, where)


def _of_sender(error: aiosmtplib.SMTPSenderRefused, where: str, settings: Settings) -> EffectError:
    if error.code == TOO_LARGE or 400 <= error.code < 500:
        return _of_message(error, where)
    return Unreachable(f"{where} takes no mail from {settings.mail_from}: {_said(error)}. Check mail_from, smtp_user.")


def _of_message(error: aiosmtplib.SMTPResponseException, where: str) -> EffectError:
    if error.code in SIGN_IN:
        return Unreachable(f"{where} wants us to sign in: {_said(error)}. Check smtp_user and smtp_password.")
    if error.code != CLOSING and 400 <= error.code < 500:
        return Busy(f"{where} can't take this mail now: {_said(error)}.")
    if 500 <= error.code < 600:
        return Refused(f"{where} refuses this mail: {_said(error)}.")
    return Unreachable(f"{where} takes no mail now: {_said(error)}.")


def _of_connection(error: Exception, where: str) -> EffectError:
    cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        problem = f"its certificate can't be trusted: {cause.verify_message}"
        return Unreachable(f"{where} was not used, because {problem}.")
    if isinstance(cause, ssl.SSLError):
        return Unreachable(f"{where} speaks no TLS that we can use: {_short(str(cause))}. Check smtp_tls, smtp_port.")
    if isinstance(error, TimeoutError):
        return Unreachable(f"{where} did not answer in time.")
    hint = " Check smtp_tls." if "STARTTLS" in str(error) else ""
    return Unreachable(f"{where} can't be reached: {_short(str(error)) or type(error).__name__}.{hint}")


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    return _short(f"{error.code} {error.message}")


def _short(text: str) -> str:
    return one_line(text)[:LONGEST_ANSWER].rstrip(" .")
