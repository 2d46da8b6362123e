"""What is told of a room's line: how much of the sound that was due had to be recovered or made up."""

from desktop_app.domain.ids import UnitPath
from media.peers.seams import MediaStats, SiteStats
from media.sound_loss import SoundLoss

SITE = UnitPath("100000/440000/")


class Heard:
    """Counters that a test moves."""

    def __init__(self) -> None:
        self.due = self.fec = self.concealed = 0

    def __call__(self) -> MediaStats:
        return MediaStats(
            0.0, True, {SITE: SiteStats(audio_due=self.due, audio_fec=self.fec, audio_concealed=self.concealed)}
        )

    def second(self, lost: int, recovered: int = 0) -> None:
        self.due, self.concealed, self.fec = self.due + 50, self.concealed + lost, self.fec + recovered


def test_the_last_seconds_count_and_what_was_before_is_forgotten() -> None:
    heard = Heard()
    loss = SoundLoss(heard)
    assert loss.permille() == 0
    for _ in range(5):
        heard.second(5, recovered=5)
        loss.permille()
    assert loss.permille() == 200
    assert loss.concealed_permille() == 100
    for _ in range(6):
        heard.second(0)
        said = loss.permille()
    assert said == loss.concealed_permille() == 0


def test_a_connection_made_anew_begins_from_nothing() -> None:
    heard = Heard()
    loss = SoundLoss(heard)
    for _ in range(3):
        heard.second(10)
        loss.permille()
    heard.due = heard.concealed = 0
    assert loss.permille() == 0
    heard.second(1)
    assert loss.permille() == 20
