"""The domain: frozen records without behaviour, read by every layer above.

``vocabulary`` closed sets of words · ``http`` a request and a response as they are on the wire · ``session`` one
playback session · ``settings`` what a user can set · ``query`` which entries are meant · ``fault`` rules that make
things fail · ``journal`` what was recorded · ``results`` what the admin API answers.
"""
