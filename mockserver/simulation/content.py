"""Made-up content: titles, channels, players and visitors that look like real ones."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from mockserver.errors import InvalidInput

if TYPE_CHECKING:
    from faker import Faker

__all__ = ["CONTENTS", "Programme", "make_content"]

_LIVE_LENGTH_S = 86_400
"""Adobe, "Content length": live content of unknown length is a day long."""


CONTENTS: Mapping[str, str] = {
    "vod": "Two minutes of video with ads, chapters, a pause and a buffer, watched to the end.",
    "live": "A live channel, muted and in full screen for a while, left after a minute and a half with a sessionEnd.",
    "short": "Half a minute of video without ads, in full screen, watched to the end.",
    "audio": "A minute and a half of a podcast with chapters and a pause.",
    "abandoned": "Two minutes of video; after a little over one the app is killed, without a sessionEnd.",
}
"""All kinds of content by name, and what is played of them."""

_LENGTHS_S = {"vod": 120, "live": _LIVE_LENGTH_S, "short": 30, "audio": 90, "abandoned": 120}
_SHOWS = {
    "vod": (
        "The {name} Files", "{city} Nights", "Inspector {name}", "The House in {city}", "{name} & Daughters",
        "One Summer in {city}", "The {name} Inheritance", "Doctor {name}",
    ),
    "live": ("{city} v {other}", "The Evening News", "Live from {city}", "{city} Rowing Finals"),
    "audio": ("The {name} Podcast", "{city} After Dark", "Ask {name}"),
}  # fmt: skip
_EPISODES = (
    "Low Tide", "The Letter", "Homecoming", "Two Keys", "Snow in May", "The Witness", "Cold Water", "A New Neighbour",
    "The Long Way Home", "Half Past Nine", "Nobody's Fault", "The Lighthouse",
)  # fmt: skip
_CONTENT_TYPES = {"live": "live", "audio": "podcast"}


class Programme(msgspec.Struct, frozen=True):
    """What a simulated player plays.

    Args:
        kind: A name of :data:`CONTENTS`.
        length_s: Its length in seconds; a day for live content.
        params: The params of its sessionStart.
        metadata: The customMetadata of its sessionStart.
    """

    kind: str
    length_s: float
    params: dict[str, Any]
    metadata: dict[str, str]


def make_content(seed: int, *, kind: str = "vod") -> Programme:
    """Make up content; the same seed gives the same content.

    Args:
        kind: A name of :data:`CONTENTS`.

    Raises:
        InvalidInput: The package ``faker`` is not installed.
    """
    fake, alone = _maker()
    with alone:
        fake.seed_instance(seed)
        return _made_up(fake, kind)


@cache  # to make one takes longer than to make up the content
def _maker() -> tuple[Faker, threading.Lock]:
    """Return what makes content up, and the lock for it: with a seed it belongs to one thread."""
    try:
        from faker import Faker
    except ImportError:
        raise InvalidInput("simulated players make up their content with faker: pip install faker") from None
    return Faker(), threading.Lock()


def _made_up(fake: Faker, kind: str) -> Programme:
    host = fake.domain_word()
    length_s = _LENGTHS_S[kind]
    season, number = fake.random_int(1, 9), fake.random_int(1, 24)
    show = fake.random_element(_SHOWS[kind if kind in _SHOWS else "vod"]).format(
        name=fake.last_name(), city=fake.city(), other=fake.city()
    )
    name = show if kind == "live" else f"{show}, S{season} E{number}: {fake.random_element(_EPISODES)}"
    params: dict[str, Any] = {
        "analytics.trackingServer": f"{host}.sc.omtrdc.net",
        "analytics.reportSuite": f"{host}.simulated",
        "analytics.enableSSL": True,
        "visitor.marketingCloudOrgId": f"{fake.hexify('^' * 24, upper=True)}@AdobeOrg",
        "visitor.marketingCloudUserId": fake.numerify("%" * 38),
        "media.id": fake.uuid4(),
        "media.name": name,
        "media.length": length_s,
        "media.contentType": _CONTENT_TYPES.get(kind, "vod"),
        "media.streamType": "audio" if kind == "audio" else "video",
        "media.playerName": f"simulated player {fake.numerify('%.#')}",
        "media.channel": fake.company(),
        "media.resume": False,
        "media.show": show,
        "media.season": str(season),
        "media.episode": str(number),
        "media.genre": fake.random_element(("Drama", "News", "Sport", "Comedy", "Documentary")),
        "media.firstAirDate": fake.date_between("-3y").isoformat(),
        "media.network": fake.company(),
    }
    return Programme(kind, length_s, params, {"city": fake.city(), "plan": fake.random_element(("free", "plus"))})
