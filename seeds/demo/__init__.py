"""The demo company: `company.seed` writes it; the other modules make it up."""

from seeds.demo.company import Counts, seed, state

__all__ = ["Counts", "seed", "state"]
