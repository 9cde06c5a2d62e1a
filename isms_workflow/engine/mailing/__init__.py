"""The outbox's way to people: what a notice says is looked up when it leaves."""

from isms_workflow.engine.mailing.channel import MailChannel, NoticeChannel

__all__ = ["MailChannel", "NoticeChannel"]
