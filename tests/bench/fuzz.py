"""Fuzzed messages by the million: `python tests/bench/fuzz.py [COUNT] [SEED]`, and on sockets.

Every message is read whole and in random pieces, which must agree; h11 must parse what is forwarded
in the same way. Any other exception ends the run and shows the message.
"""

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.framing import fuzzed, judged


def main() -> None:
    """Read that many messages, and report the speed and how many were refused."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    dice, refused, began = random.Random(seed), 0, time.monotonic()
    for number in range(1, count + 1):
        refused += judged(fuzzed(dice), dice).refused
        if number % 100_000 == 0 or number == count:
            rate = number / (time.monotonic() - began)
            print(f"{number:,} messages, {refused:,} refused, {rate:,.0f}/s, seed {seed}")


if __name__ == "__main__":
    main()
