"""Whom to ring at a site: a name and a telephone number, kept by the unit itself or by one above it."""

import re
import unicodedata

from desktop_app.domain.faults import OperatorError
from desktop_app.domain.ids import UnitPath
from desktop_app.domain.units import unit_code
from sync.log.write import Write
from sync.meetings.roster import NAME_LENGTH, person_name
from sync.meetings.source import RecordWriter

ENTITY = "site_contact"
PHONE = re.compile(r"\+?[0-9][0-9 \-()转,]{2,30}")
"""0752-1234567转801, +86 138 0000 0000, 12345."""


def write_contact(records: RecordWriter, unit_path: str, name: str, phone: str) -> None:
    """Keep it; an empty number takes the contact away. OperatorError `phone-unreadable`, `contact-name-too-long`."""
    number = unicodedata.normalize("NFKC", phone).strip()
    named = person_name(name)
    if number and not PHONE.fullmatch(number):
        raise OperatorError("phone-unreadable", text=phone.strip()[:40])
    if len(named) > NAME_LENGTH:
        raise OperatorError("contact-name-too-long", limit=NAME_LENGTH)
    fields = {"unit_path": unit_path, "name": named if number else "", "phone": number}
    pk = unit_code(UnitPath(unit_path))
    before = records.get(ENTITY, pk) or {}
    new = {field: value for field, value in fields.items() if before.get(field) != value}
    if new:
        records.write(Write(ENTITY, pk, new))
