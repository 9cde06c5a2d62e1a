"""Pure decisions: (view, event, actor, when) to a plan, for every kind of case."""
