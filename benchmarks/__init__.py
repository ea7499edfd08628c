"""How fast and how light `%%glm` is, next to the bare SDK and raw httpx, all against one practice server.

    python -m benchmarks            everything, about three quarters of an hour
    python -m benchmarks --quick    a first impression, about ten minutes
    python -m benchmarks tables     asking over tables alone, half an hour (-h lists the others)
    python -m benchmarks.soak       safety rather than speed: kills and interrupts at random moments (`make soak`)

Contenders take turns, round by round, so that other load on the machine affects all of them alike. Differences and
ratios are taken within a round. Every figure is a median, followed by the lowest and the highest value.
"""
