"""The menu: sections that are one line, and the entries of a section on its pages."""

from __future__ import annotations

import re

import pytest

from isms_workflow.portal.surroundings import SECTIONS
from tests.portal.visitor import House

NAV = re.compile(r'<nav[^>]*aria-label="(Menu|In this section)"[^>]*>(.*?)</nav>', re.DOTALL)
LINK = re.compile(r'<a href="([^"]*)"( aria-current="page")?>([^<]*)</a>')
WHO = {"maria": {"Audit", "System"}, "olga": {"System"}, "alex": {"Audit"}}  # who: what their role can't see
ENTRIES = [(section[0][0], label, url) for section in SECTIONS for label, url, _ in section]


def navigation(html: str) -> dict[str, list[tuple[str, str, str]]]:
    """The links of the menu and of the section: address, whether current, words."""
    return {name: LINK.findall(inside) for name, inside in NAV.findall(html)}


@pytest.mark.parametrize("who", WHO)
def test_every_entry_opens_and_says_where_one_is(planning: House, who: str) -> None:
    """Its section is current in the menu; it is current among its section's entries, if those are several."""
    visitor = planning.visitor(who)
    for section, label, url in ENTRIES:
        if section in WHO[who]:
            continue
        found = navigation(visitor.read(url))
        assert [words for _, current, words in found["Menu"] if current] == [section], url
        inside = [words for _, _, words in found.get("In this section", [])]
        expected = [each for of, each, _ in ENTRIES if of == section]
        assert inside == (expected if len(expected) > 1 else []), url
        assert [words for _, current, words in found.get("In this section", []) if current] == [label][: len(inside)], url


@pytest.mark.parametrize("who", WHO)
def test_the_menu_has_what_the_role_may_see(planning: House, who: str) -> None:
    """A section that it can't see is absent; running obligations are reached from every page in two steps."""
    found = navigation(planning.visitor(who).read("/"))
    assert [words for _, _, words in found["Menu"]] == [each[0][0] for each in SECTIONS if each[0][0] not in WHO[who]]
    incidents = next(url for url, _, words in found["Menu"] if words == "Incidents")
    assert ("/obligations", "", "Obligations") in navigation(planning.visitor(who).read(incidents))["In this section"]
