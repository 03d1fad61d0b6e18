"""Made-up content: titles, channels, players and visitors that look like real ones."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Content", "make_content"]

_LIVE_LENGTH_S = 86_400
"""Adobe, "Content length": live content of unknown length is a day long."""


class Content(msgspec.Struct, frozen=True):
    """What a simulated player plays.

    Args:
        length_s: Its length in seconds; a day for live content.
        live: Whether it is live.
        params: The params of its sessionStart.
        metadata: The customMetadata of its sessionStart.
    """

    length_s: float
    live: bool
    params: dict[str, Any]
    metadata: dict[str, str]


def make_content(seed: int, *, live: bool = False, length_s: float = 120) -> Content:
    """Make up content; the same seed gives the same.

    Args:
        length_s: How long it is, in seconds; without meaning for live content.
    """
    from faker import Faker

    fake = Faker()
    fake.seed_instance(seed)
    show, host = fake.catch_phrase(), fake.domain_word()
    length_s = _LIVE_LENGTH_S if live else length_s
    params: dict[str, Any] = {
        "analytics.trackingServer": f"{host}.sc.omtrdc.net",
        "analytics.reportSuite": f"{host}.simulated",
        "analytics.enableSSL": True,
        "visitor.marketingCloudOrgId": f"{fake.hexify('^' * 24, upper=True)}@AdobeOrg",
        "visitor.marketingCloudUserId": fake.numerify("%" * 38),
        "media.id": fake.uuid4(),
        "media.name": f"{show}: {fake.bs()}",
        "media.length": length_s,
        "media.contentType": "live" if live else "vod",
        "media.streamType": "video",
        "media.playerName": f"simulated player {fake.numerify('%.#')}",
        "media.channel": fake.company(),
        "media.resume": False,
        "media.show": show,
        "media.season": str(fake.random_int(1, 9)),
        "media.episode": str(fake.random_int(1, 24)),
        "media.genre": fake.random_element(("Drama", "News", "Sport", "Comedy", "Documentary")),
        "media.firstAirDate": fake.date_between("-3y").isoformat(),
        "media.network": fake.company(),
    }
    return Content(length_s, live, params, {"city": fake.city(), "plan": fake.random_element(("free", "plus"))})
