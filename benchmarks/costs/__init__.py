"""What the gate costs beside the apps and middlewares that stand in its place; ``benchmarks/performance.py`` runs it."""
