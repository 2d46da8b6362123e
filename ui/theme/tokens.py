"""The colours of the interface, named after mineral pigments: one set per scheme, measured for contrast.

Text is at least 4.5:1 on its ground and controls at least 3:1. Solid `onair` red means one thing: on air (播出).
A pigment has a text colour (`shilv`) and the pale ground it may stand on (`shilv_t`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """One scheme. Every field is a `#RRGGBB` colour, except `dark`."""

    dark: bool
    win: str
    surface: str
    sunken: str
    line: str
    ctl: str
    ink: str
    ink2: str
    ink3: str
    accent: str
    on_accent: str
    """The label on a filled accent button."""
    accent_hover: str
    tint: str
    onair: str
    on_onair: str
    onair_line: str
    zhusha: str
    zhusha_t: str
    shilv: str
    shilv_t: str
    shiqing: str
    shiqing_t: str
    zheshi: str
    zheshi_t: str
    zitang: str
    zitang_t: str
    rail: str
    rail_ink: str
    rail_current: str
    gold: str
    gold_ink: str
    focus: str


LIGHT = Tokens(
    dark=False,
    win="#EFF3F4",
    surface="#FFFFFF",
    sunken="#E6ECEE",
    line="#CDD7DC",
    ctl="#7C8D97",
    ink="#16222B",
    ink2="#40515D",
    ink3="#5A6A75",
    accent="#1F4A78",
    on_accent="#FFFFFF",
    accent_hover="#183C63",
    tint="#E2EBF4",
    onair="#C42B20",
    on_onair="#FFFFFF",
    onair_line="#C42B20",
    zhusha="#AE231B",
    zhusha_t="#FBE8E6",
    shilv="#1A6747",
    shilv_t="#E0F1E9",
    shiqing="#0A5C9E",
    shiqing_t="#E0EEF8",
    zheshi="#865000",
    zheshi_t="#FAEFDB",
    zitang="#6B3890",
    zitang_t="#F1E8F7",
    rail="#17334F",
    rail_ink="#C9D8E6",
    rail_current="#344C65",
    gold="#E3BE78",
    gold_ink="#16222B",
    focus="#1F4A78",
)

DARK = Tokens(
    dark=True,
    win="#11181D",
    surface="#1A242B",
    sunken="#0C1216",
    line="#2F3D47",
    ctl="#738794",
    ink="#E9EFF2",
    ink2="#B9C6CE",
    ink3="#93A4AF",
    accent="#8FBBEA",
    on_accent="#11181D",
    accent_hover="#A9CBF0",
    tint="#20364B",
    onair="#C42B20",
    on_onair="#FFFFFF",
    onair_line="#D9453A",
    zhusha="#FF9486",
    zhusha_t="#43201D",
    shilv="#6FCFA0",
    shilv_t="#17372A",
    shiqing="#79BDF2",
    shiqing_t="#16334A",
    zheshi="#EDB455",
    zheshi_t="#3D2E12",
    zitang="#CBA2E8",
    zitang_t="#34234A",
    rail="#0A1116",
    rail_ink="#A9BAC6",
    rail_current="#23292E",
    gold="#E3BE78",
    gold_ink="#16222B",
    focus="#8FBBEA",
)
