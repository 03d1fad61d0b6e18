"""The requests of the load: bodies and header fields from recordings of MediaSDK JS 3.1.0."""

from __future__ import annotations

__all__ = ["BODIES", "HEADERS", "START", "post"]

START = (
    b'{"eventType":"sessionStart","playerTime":{"playhead":0,"ts":1795215620000},"params":{"media.id":"clickbaby",'
    b'"media.name":"sample video","media.length":60.39,"media.contentType":"vod","media.streamType":"video",'
    b'"media.resume":false,"media.playerName":"HTML5 basic media player","media.channel":"sample channel",'
    b'"analytics.reportSuite":"rs","analytics.trackingServer":"a.example","visitor.marketingCloudOrgId":"X@AdobeOrg"}}'
)

BODIES: dict[str, bytes] = {
    "plain ping": b'{"eventType":"ping","playerTime":{"playhead":0,"ts":1795215631000}}',
    "ping": (
        b'{"eventType":"ping","playerTime":{"playhead":11.25,"ts":1795215652000},"qoeData":{"media.qoe.bitrate":50000,'
        b'"media.qoe.framesPerSecond":24,"media.qoe.droppedFrames":0,"media.qoe.timeToStart":0}}'
    ),
    "adStart": (
        b'{"eventType":"adStart","playerTime":{"playhead":0,"ts":1795215621000},"customMetadata":{"affiliate":'
        b'"Sample affiliate"},"params":{"media.ad.name":"Sample ad 1","media.ad.id":"001","media.ad.length":15,'
        b'"media.ad.podPosition":1,"media.ad.advertiser":"ad-Advertiser","media.ad.campaignId":"ad-CampaignId",'
        b'"media.ad.creativeId":"ad-CreativeId","media.ad.placementId":"ad-PlacementId","media.ad.siteId":"ad-SiteId",'
        b'"media.ad.creativeURL":"ad-CreativeUrl","media.ad.playerName":"HTML5 basic media player"}}'
    ),
    "play": b'{"eventType":"play","playerTime":{"playhead":0,"ts":1795215622000}}',
}

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"Host", b"127.0.0.1:8089"),
    (b"Content-Type", b"application/json"),
    (b"Accept", b"*/*"),
    (b"Origin", b"http://127.0.0.1:46211"),
    (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"),
)


def post(path: str, body: bytes) -> bytes:
    """Return a request as the bytes to send."""
    fields = (*HEADERS, (b"Content-Length", b"%d" % len(body)))
    head = b"".join(b"%s: %s\r\n" % field for field in fields)
    return b"POST %s HTTP/1.1\r\n%s\r\n%s" % (path.encode(), head, body)
