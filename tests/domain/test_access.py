"""Who may do and see what: the truth tables of roles and labels."""

from __future__ import annotations

import pickle

import pytest

from isms_workflow.domain.access import (
    ROLES,
    Action,
    Label,
    NotPermitted,
    NotShown,
    may_see,
    permits,
    require,
    require_sight,
    strictest,
)
from isms_workflow.domain.people import Person
from isms_workflow.domain.refusals import Unknown
from isms_workflow.errors import IsmsError

#             read   write  delete admin  audit  report
RIGHTS = {
    "admin":   (True,  True,  True,  True,  False, True),
    "user":    (True,  True,  False, False, False, True),
    "auditor": (True,  False, False, False, True,  True),
    "guest":   (True,  False, False, False, False, True),
    "root":    (False, False, False, False, False, False),
    "":        (False, False, False, False, False, False),
}

#             internal       confidential   restricted      (outside the case, in the case)
SIGHT = {
    "admin":   ((True, True), (True, True), (False, True)),
    "auditor": ((True, True), (True, True), (False, True)),
    "user":    ((True, True), (False, True), (False, True)),
    "guest":   ((True, True), (False, True), (False, True)),
    "root":    ((False, False), (False, False), (False, False)),
}


def person(role: str, active: bool = True) -> Person:
    """Somebody with this role."""
    return Person("alice", role, "Europe/Berlin", active)


def refusal(role: str, label: str, what: str, name: str) -> IsmsError:
    """What somebody outside the case is told."""
    with pytest.raises(IsmsError) as refused:
        require_sight(person(role), label, False, what, name)
    return refused.value


@pytest.mark.parametrize(("role", "rights"), RIGHTS.items(), ids=RIGHTS)
def test_a_role_has_these_rights_and_no_others(role: str, rights: tuple[bool, ...]) -> None:
    """Four roles as the issue names them; a role nobody defined may do nothing."""
    assert tuple(permits(role, action) for action in Action) == rights


def test_a_right_nobody_defined_is_refused_to_all() -> None:
    """Deny by default."""
    assert not any(permits(role, "decide everything") for role in ROLES)


@pytest.mark.parametrize(("role", "sight"), SIGHT.items(), ids=SIGHT)
def test_role_and_label_must_both_allow(role: str, sight: tuple[tuple[bool, bool], ...]) -> None:
    """Restricted is for the people of the case only, no role excepted."""
    found = tuple(tuple(may_see(person(role), label, inside) for inside in (False, True)) for label in Label)
    assert found == sight


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("label", [*Label, "secret", ""])
@pytest.mark.parametrize("inside", [False, True])
def test_who_left_and_an_unknown_label_show_nothing(role: str, label: str, inside: bool) -> None:
    """Deny by default, also for a label that a later version may write."""
    assert not may_see(person(role, active=False), label, inside)
    assert label in list(Label) or not may_see(person(role), label, inside)


def test_a_restricted_case_reads_like_one_that_is_not_there() -> None:
    """Type, status and sentence give nothing away, not even to an administrator."""
    hidden = refusal("admin", "restricted", "case", "INC-2026-0042")
    missing = Unknown("case", "INC-2026-0042")
    assert (type(hidden), hidden.status, str(hidden)) == (type(missing), missing.status, str(missing))


def test_a_confidential_case_says_who_may_see_it() -> None:
    """It exists for everybody, so the refusal can help."""
    refused = refusal("user", "confidential", "case", "PDCA-2026-0001")
    assert isinstance(refused, NotShown)
    assert refused.status == 403
    assert str(refused) == (
        "Case PDCA-2026-0001 is confidential: "
        "it is shown to the people of its case and to roles admin and auditor."
    )
    assert str(pickle.loads(pickle.dumps(refused))) == str(refused)  # noqa: S301


def test_a_person_of_the_case_is_let_through() -> None:
    """Whatever the label, and nothing is raised."""
    for label in Label:
        require_sight(person("guest"), label, True, "case", "PDCA-2026-0001")


@pytest.mark.parametrize("active", [True, False])
def test_a_role_without_the_right_is_told_which_roles_have_it(active: bool) -> None:
    """Nobody gets an action that the role or a deactivated account doesn't allow."""
    with pytest.raises(NotPermitted) as refused:
        require(person("user" if active else "auditor", active), Action.AUDIT, "Opening the access log")
    assert refused.value.status == 403
    assert str(refused.value).endswith("roles that do: auditor.")
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301
    require(person("auditor"), Action.AUDIT, "Opening the access log")


def test_a_file_is_never_seen_more_widely_than_its_case() -> None:
    """The narrowest label counts."""
    assert strictest("internal", "restricted", "confidential") == "restricted"
    assert strictest("confidential", "internal") == "confidential"
