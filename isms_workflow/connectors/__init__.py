"""What comes in: webhooks and mailboxes."""
