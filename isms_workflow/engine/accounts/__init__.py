"""Local accounts: passwords, sessions, single-use links, API tokens, and throttling of those who guess."""
