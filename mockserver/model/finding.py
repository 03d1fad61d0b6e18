"""What is wrong with reported playback although the API accepted it."""

from __future__ import annotations

from enum import Enum

import msgspec

__all__ = ["Finding", "Severity", "Thresholds"]


class Severity(str, Enum):
    """``error``: numbers are wrong or data is lost. ``warning``: numbers are degraded or at risk. ``info``: a note."""

    ERROR = "error", 0
    WARNING = "warning", 1
    INFO = "info", 2

    rank: int
    """0 for the worst."""

    def __new__(cls, value: str, rank: int = 0) -> Severity:
        """Make a member: its value and its rank."""
        severity = str.__new__(cls, value)
        severity._value_ = value
        severity.rank = rank
        return severity


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One mistake of a player.

    Args:
        code: The rule of the catalogue, ``family.name``.
        severity: How bad it is.
        message: One sentence: what was seen, and what to change in the player.
        consequence: What it does to the reports.
        session_id: The session it is about; None for traffic of no known session.
        seqs: The journal entries it is about, in order.
        source: Where the rule comes from.
        follows_from: The code of the finding, of the same session, that caused this one; left out when there is none.
            Correct the cause first, and look again. Such a finding is never worse than its cause, is listed below all
            others of its severity, and does not count in the summary, for ``assert_no_findings``, or for the exit code
            of ``mockserver diagnose``.
    """

    code: str
    severity: Severity
    message: str
    consequence: str
    session_id: str | None
    seqs: tuple[int, ...]
    source: str
    follows_from: str | None = None


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits beyond which a finding is reported. Seconds unless the name says otherwise.

    The defaults leave the recorded traffic of Adobe's own SDKs without errors.

    Args:
        ping_gap_s: Silence that is a warning. SDK gaps reach 11 s.
        ping_gap_error_s: Silence that is an error.
        near_timeout_s: Silence that comes near the 10 minute timeout.
        ad_gap_s: Silence inside an ad that is a warning.
        ad_gap_info_s: Silence inside an ad that is info; Adobe's newest pages recommend 10 s, older ones 1 s.
        too_fast_s: Pings closer together than this are too fast.
        immediate_ping_s: A first ping sooner than this after the sessionStart is immediate.
        late_s: Lateness that is a warning.
        late_error_s: Lateness that is an error.
        skew_s: How far ``ts`` may be off the clock of the server.
        trailing_ping_s: How long pings may go on after sessionComplete or sessionEnd.
        over_length_s: How far the playhead may be beyond the length of the content.
        jump_s: How far the playhead may jump without a seek.
        backwards_s: How far the playhead may go back.
        timezone_s: How close a live playhead must be to the second of the day of another time zone to be taken for it.
        moves_in_ad_s: How far the playhead may move during an ad break. Adobe's sample app drifts up to 1.15 s.
        moves_while_paused_s: How far the playhead may move inside one pause or buffer.
        frozen_s: How long three events may have the same playhead while content plays.
        burst_s: Events this close in ``ts`` come from one call of an SDK.
        content_start_s: Within this time after the first play, an adStart or adBreakComplete, SDKs send another play.
        seek_s: A pause shorter than this with a jump in it is a seek.
        pause_at_end_s: A pause this soon before sessionComplete is the end of the content.
        preroll_play_s: A play up to this long before a pre-roll is too early.
        preroll_race_s: A play less than this before a pre-roll is a race inside the SDK.
        after_preroll_s: Within this time a play must follow a pre-roll.
        ad_close_gap_s: How much time may pass between an ad and the next one of the same break.
        ad_overrun_s: How much longer than its length an ad may last.
        ad_complete_share: An ad that completes after less than this share of its length completes too early.
        pod_second_s: How far podSecond may be from the playhead.
        chapter_offset_s: How far the offset of a chapter may be from the playhead.
        second_close_s: A second close within this time is one of the same ad or chapter.
        bitrate_low_kbps: A bitrate below this is not in kbit/s. Sound alone may have less.
        bitrate_high_kbps: A bitrate above this is not in kbit/s.
        same_bitrate_s: A bitrate that has been known for longer than this is not a change.
        time_to_start_ms: A time to start below this is not in milliseconds.
        restart_s: A new session this soon after the old one may be a restart.
        restart_playhead_s: A new session at a playhead this close to that of the old one may be a restart.
        retry_storm: How often one event body may be repeated.
        session_storm: How many sessions one client may open after a 404 or 410, within ``session_storm_s``.
        session_storm_s: See ``session_storm``.
        event_storm: How many events of one type are too many, within ``event_storm_s``.
        event_storm_s: See ``event_storm``.
        clock_set_s: How much the player's clock must change against the clock of the server to count as set.
    """

    ping_gap_s: float = 12
    ping_gap_error_s: float = 60
    near_timeout_s: float = 540
    ad_gap_s: float = 12
    ad_gap_info_s: float = 2
    too_fast_s: float = 0.5
    immediate_ping_s: float = 1
    late_s: float = 1
    late_error_s: float = 5
    skew_s: float = 300
    trailing_ping_s: float = 30
    over_length_s: float = 1
    jump_s: float = 3
    backwards_s: float = 1
    timezone_s: float = 30
    moves_in_ad_s: float = 2
    moves_while_paused_s: float = 1
    frozen_s: float = 5
    burst_s: float = 0.01
    content_start_s: float = 2
    seek_s: float = 3
    pause_at_end_s: float = 0.1
    preroll_play_s: float = 5
    preroll_race_s: float = 0.01
    after_preroll_s: float = 3
    ad_close_gap_s: float = 0.25
    ad_overrun_s: float = 5
    ad_complete_share: float = 0.8
    pod_second_s: float = 2
    chapter_offset_s: float = 2
    second_close_s: float = 1
    bitrate_low_kbps: float = 50
    bitrate_high_kbps: float = 100_000
    same_bitrate_s: float = 1
    time_to_start_ms: float = 20
    restart_s: float = 60
    restart_playhead_s: float = 10
    retry_storm: int = 2
    session_storm: int = 3
    session_storm_s: float = 10
    event_storm: int = 20
    event_storm_s: float = 10
    clock_set_s: float = 30
