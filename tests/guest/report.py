# SPDX-License-Identifier: BSD-2-Clause
"""The short report of scripts/run: what a boot showed, for people."""


IRQS = {"msix": "MSI-X", "msi": "MSI", "intx": "INTx"}


def size(n):
    if n < 1024:
        return f"{n} B"
    for unit in ("KiB", "MiB", "GiB"):
        n /= 1024
        if n < 1024:
            return f"{n:.1f} {unit}"
    return f"{n / 1024:.1f} TiB"


def line(who, what, verdict="ok"):
    print(f"  {who:<7} {what:<74} {verdict}")


def domains(facts, endpoint):
    """All domains that the guest attached an endpoint to, in order."""
    ids = [int(a[0], 16) for a in facts["attach"]
           if int(a[1], 16) == endpoint]
    return ",".join(str(d) for d in dict.fromkeys(ids)) or "-"


def print_boot(title, s, facts):
    r, rep = facts["results"], facts["report"]
    groups = dict(x.split()[:2] for x in r["group"])
    if title:
        print(f"  -- {title}")
    print(f"  {'endpoint':<18} {'group':>5} {'domains':>8} {'maps':>8} "
          f"{'unmaps':>8} {'translated':>11} {'faults':>7}")
    for e in rep["endpoints"]:
        dev = e["bdf"] if e["bdf"].count(":") == 2 else "0000:" + e["bdf"]
        moved = e["bytes_read"] + e["bytes_written"]
        print(f"  {dev[5:] + ' ' + e['name'].split('@')[0]:<18} {groups.get(dev, '-'):>5} "
              f"{domains(facts, e['id']):>8} {e['maps']:>8,} {e['unmaps']:>8,} "
              f"{size(moved):>11} {e['faults']:>7}"
              + ("  (wanted)" if e["faults"] and dev.endswith(s.dma or "-")
                 else ""))
    if s.disk:
        line("guest", f"ext4 mounted, {r['verified'][-1]} files verified, "
             f"{r['written'][-1]} written, synced")
    if s.rng:
        line("guest", f"{r['rng_bytes'][-1]} random bytes from the rng")
    if s.dma:
        v = {k[5:]: x[-1] for k, x in r.items() if k.startswith("vfio.")}
        line("guest", f"VFIO: DMA right inside mappings, {v['interrupts']} "
             f"interrupts by {IRQS[s.irq]}, {v['stress']} more maps")
        line("guest", f"DMA after unmap refused: {r['page_fault'][-1]}")
    line("both", f"{facts['events']:,} map and unmap events, guest's trace "
         "and device's log identical")
    if s.disk:
        line("host", f"e2fsck clean, {facts['host_files']} checksums equal")
    print(f"  boot {int(r['boot_ms'][0]) / 1000:.1f} s, guest "
          f"{facts['seconds']:.1f} s")
