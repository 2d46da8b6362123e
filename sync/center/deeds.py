"""What `silian center code` and `revoke` did beside the center goes into its audit log."""

from desktop_app.domain.clock import stamp
from desktop_app.domain.ids import PersonId
from desktop_app.domain.principal import Actor
from sync.center.store import CenterStore
from sync.identity.registry import Registry
from sync.log.audit import ENTITY
from sync.log.write import Write


def tell_deeds(store: CenterStore, registry: Registry) -> int:
    """Write what the book notes as security events of the units that they concern; how many there were.

    A note is taken away after its event is on the disk; one that was told before the center died is not told again.
    """
    deeds = registry.deeds()
    if not deeds:
        return 0
    actor = Actor(PersonId(""), store.device)
    for deed in deeds:
        fields = {
            "unit_path": deed.unit_path,
            "kind": deed.kind,
            "at": stamp(deed.at),
            "subject_name": deed.by_whom,
            "machine": deed.machine or store.device,
            "detail": deed.detail,
        }
        if store.get(ENTITY, deed.pk) is None:
            store.append(Write(ENTITY, deed.pk, fields), actor=actor)
    registry.forget_deeds(deed.pk for deed in deeds)
    return len(deeds)
