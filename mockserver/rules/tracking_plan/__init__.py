"""Does playback follow a tracking plan?

:mod:`.compiled` checks a plan and compiles its matchers; :mod:`.keys` decides about the values of keys.
:mod:`.plan_session` is what a plan looks at of a session, :mod:`.session` judges one, :mod:`.judgement` all of them;
:mod:`.coverage` says what was tried. :mod:`.text` writes the result. :mod:`.first` drafts a plan from a recording.
"""
