"""A site's shared screen is published beside its camera, under a name of its own: an engine knows it as one more site
that has a main picture and no sound."""

from desktop_app.domain.ids import UnitPath

_END = "content/"


def content_of(presenter: UnitPath) -> UnitPath:
    """The name of what this site shares."""
    return UnitPath(f"{presenter}{_END}")


def presenter_of(source: UnitPath) -> UnitPath | None:
    """Whose shared screen it is; None for a site's camera."""
    return UnitPath(source.removesuffix(_END)) if source.endswith(_END) else None
