# SPDX-License-Identifier: BSD-2-Clause
"""The comparisons of tests/guest can fail: each planted difference is found."""
import random

import guest


def sample(rng, n=200):
    """A plausible history, as (guest's events, the device's requests)."""
    events, requests, live = [], [], {}
    for _ in range(n):
        if live and rng.random() < 0.45:
            start = rng.choice(list(live))
            last = live.pop(start)
            events.append(("unmap", start, last, None))
        else:
            start = rng.randrange(1 << 20) << 16
            if start in live:
                continue
            last = start + (rng.randrange(1, 17) << 12) - 1
            live[start] = last
            events.append(("map", start, last, rng.randrange(1 << 20) << 12))
        op, start, last, pa = events[-1]
        # Some events are two requests.
        cut = start + (1 << 12) if rng.random() < 0.2 else last + 1
        if cut > last:
            requests.append(events[-1])
        else:
            requests.append((op, start, cut - 1, pa))
            requests.append((op, cut, last, pa and pa + cut - start))
    return events, requests


def swap_same_page(ev):
    """Exchanges a map with the unmap of its pages."""
    for i, (op, start, last, _) in enumerate(ev):
        for j in range(i + 1, len(ev)):
            if op == "map" and ev[j][0] == "unmap" and ev[j][1] == start:
                ev[i], ev[j] = ev[j], ev[i]
                return


PLANTED = {
    "a request too few": lambda ev: ev.pop(len(ev) // 2),
    "a request too many": lambda ev: ev.append(ev[0]),
    "the last is missing": lambda ev: ev.pop(),
    "another address": lambda ev: ev.__setitem__(3, (
        ev[3][0], ev[3][1] + 4096, ev[3][2] + 4096, ev[3][3])),
    "another length": lambda ev: ev.__setitem__(7, (
        ev[7][0], ev[7][1], ev[7][2] + 4096, ev[7][3])),
    "another place in memory": lambda ev: ev.__setitem__(0, (
        ev[0][0], ev[0][1], ev[0][2], ev[0][3] + 4096)),
    "unmap before map": swap_same_page,
}


def run():
    """Returns an error text, or None."""
    for seed in range(20):
        events, requests = sample(random.Random(seed))
        for compare in (guest.compare_sequence, guest.compare_pages):
            try:
                compare(events, requests)
            except guest.Failed as e:
                return f"{compare.__name__}, seed {seed}: equal, but {e}"
            for what, plant in PLANTED.items():
                bad = list(requests)
                plant(bad)
                try:
                    compare(events, bad)
                except guest.Failed:
                    continue
                return f"{compare.__name__}, seed {seed}: {what}: not seen"
    return None
