"""The register of information systems: what the organisation runs, who answers for it, and what it needs."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

LEVELS = ("low", "medium", "high")
"""How much would be lost, from little to much; a need is one of them."""

NEEDS = ("confidentiality", "integrity", "availability")
"""What information security keeps (ISO/IEC 27000, 3.28)."""

NOTHING = "none"
PERSONAL = "personal"
SPECIAL = "special_category"

DATA: Mapping[str, str] = {
    NOTHING:    "nothing but what anybody may know",
    "internal": "what is meant for the organisation only",
    PERSONAL:   "about people who can be identified",
    SPECIAL:    "health, belief, biometrics and the like, or convictions",
    "payment":  "card numbers, and what authorises a payment",
    "secret":   "business secrets, keys and passwords",
}
"""The kinds of data that a system may hold, each with what it means; a closed vocabulary, from which duties follow.

`personal`: GDPR, Article 4(1); a breach is notified under Article 33. `special_category`: Articles 9(1) and 10; they
are personal data too, and `closed` says so. `payment`: account data in the sense of PCI DSS 4.0. `secret`: trade
secrets as Directive (EU) 2016/943 has them in Article 2(1), and what opens other systems. `none` stands alone.
"""

LONGEST_NAME = 120
LONGEST_DESCRIPTION = 2000


@dataclass(frozen=True, slots=True)
class System:
    """One information system, as rules see it; `owner` is a person's id, `data` holds words of `DATA`."""

    id: str
    name: str
    owner: str
    confidentiality: str
    integrity: str
    availability: str
    data: frozenset[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody says of a system, not looked at yet."""

    name: str
    owner: str
    confidentiality: str
    integrity: str
    availability: str
    data: frozenset[str]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A system as the register holds it; one that is retired stays for what refers to it."""

    system: System
    description: str
    version: int
    retired: bool = False

    @property
    def draft(self) -> Draft:
        """What the register says of it now, to be changed."""
        its = self.system
        return Draft(its.name, its.owner, its.confidentiality, its.integrity, its.availability, its.data, self.description)


def folded(name: str) -> str:
    """What two names that read alike have in common: capitals, composed letters and blanks make no difference."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", " ".join(name.split())).casefold())


def closed(data: frozenset[str]) -> frozenset[str]:
    """The same kinds of data with those that follow from them."""
    return data | {PERSONAL} if SPECIAL in data else data


def in_order(data: frozenset[str]) -> tuple[str, ...]:
    """These kinds of data in the vocabulary's order."""
    return tuple(each for each in DATA if each in data)
