"""Machines drawn from their tables, for the docs. A test holds the docs to it."""

from __future__ import annotations

from collections.abc import Iterable

from isms_workflow.domain.machine import Machine

HEADER = """# Machines

Made from the machines' own tables; after a change run `python -m isms_workflow.domain.diagrams > docs/machines.md`.
A rule whose event keeps the state is listed under the diagram.
"""


def diagram(machine: Machine) -> str:
    """A Mermaid state diagram: one arrow a rule and state, labelled with its event and who may fire it."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {machine.initial}"]
    for rule in machine.rules:
        if rule.to is not None:
            lines += [f"    {state} --> {rule.to}: {rule.event}" for state in sorted(rule.frm)]
    return "\n".join([*lines, *(f"    {state} --> [*]" for state in sorted(machine.final)), "```"])


def table(machine: Machine) -> str:
    """Every rule as a row: event, from, to, by, and the gates that must have passed."""
    rows = [f"| {r.event} | {', '.join(sorted(r.frm))} | {r.to or 'as it is'} | {', '.join(sorted(r.by))} | "
            f"{', '.join(sorted(r.gates)) or '–'} |" for r in machine.rules]
    return "\n".join(["| event | from | to | by | gates |", "| --- | --- | --- | --- | --- |", *rows])


def page(machines: Iterable[Machine]) -> str:
    """The whole page of the docs."""
    parts = [f"## {m.kind}, version {m.version}\n\n{diagram(m)}\n\n{table(m)}\n" for m in machines]
    return "\n".join([HEADER, *parts])


if __name__ == "__main__":
    from isms_workflow.domain import machines as known

    print(page([*known.ALL.values(), *known.PARTS.values()]), end="")
