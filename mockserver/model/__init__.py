"""The domain: frozen records that every layer above reads.

``vocabulary`` closed sets of words · ``http`` a request and a response as they are on the wire · ``session`` one
playback session · ``settings`` what a user can set · ``query`` which entries to find · ``fault`` rules that make
things fail · ``journal`` what was recorded · ``results`` what the admin API answers.
"""
