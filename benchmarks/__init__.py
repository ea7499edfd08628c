"""How fast, how light: `%%glm` side by side with the bare SDK and raw httpx, all against one practice server.

    python -m benchmarks            everything, about seven minutes
    python -m benchmarks --quick    a first impression, about three minutes
    python -m benchmarks.soak       not how fast, but how safe: kills and interrupts at random moments (`make soak`)

Contenders take turns, round by round, so that whatever else the machine does hits all of them alike; differences and
ratios are taken within a round. Every figure is a median, with the lowest and the highest behind it.
"""
