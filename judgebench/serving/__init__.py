"""``jb serve``: a judge that others ask over HTTP, and the page on which it is tried by hand.

``requests.py`` says what is sent, ``replies.py`` what comes back, ``service.py`` who is answered at which address, and
``page.py`` is the page. The judge itself is ``stages.one_judgment.ReadyJudge``: asked, limited and cached as in a run.
"""
