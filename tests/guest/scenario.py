# SPDX-License-Identifier: BSD-2-Clause
"""One test with a real guest: machine file, `iom serve`, boot, and what must
then be true. scripts/run and scripts/check-guests are lists of these.

Every scenario asserts a positive sign that translation took place (groups,
number of maps, a page fault where one is due): without an IOMMU in front of
them all these devices work too.
"""
import os
import shutil

import guest
from guest import Failed

MSI_X86 = "0x0 0xfee00000 0x0 0xfeefffff"
MSI_ITS = "0x0 0x08090000 0x0 0x08090fff"
# The firmware uses the disk before any driver of the IOMMU is there.
BYPASS = "iom,boot-bypass = <1>;\n"


def bdf(text):
    """"01:03.1" or "03.1" -> requester id"""
    bus, rest = text.split(":") if ":" in text else ("0", text)
    dev, fn = rest.split(".")
    return int(bus, 16) << 8 | int(dev, 16) << 3 | int(fn, 16)


def node(kind, addr, compatible, props=""):
    rid = bdf(addr)
    unit = addr.split(":")[-1].replace(".", ",")
    unit = f"{int(unit.split(',')[0], 16):x},{unit.split(',')[1]}"
    label = "viommu: " if kind == "iommu" else ""
    return (f"\t\t{label}{kind}@{unit} {{\n"
            f"\t\t\tcompatible = \"{compatible}\";\n"
            f"\t\t\treg = <0x{rid << 8:x} 0 0 0 0>;\n"
            + "".join(f"\t\t\t{p}\n" for p in props.splitlines())
            + "\t\t};\n")


def machine(title, iommu="02.0", disk=None, rng=None, dma=None, image="",
            iommu_props="", dma_props="", disk_props="", rng_props=""):
    """A machine file with a virtio-iommu and the functions behind it."""
    fns = [("disk", disk, "virtio,blk",
            f'iom,file = "{image}";\n' + disk_props),
           ("rng", rng, "virtio,rng", rng_props),
           ("dma", dma, "iom,dma-test", dma_props)]
    fns = [f for f in fns if f[1]]
    rids = sorted(bdf(f[1]) for f in fns)
    maps = "  ".join(f"0x{r:x} &viommu 0x{r:x} 1" for r in rids)
    body = node("iommu", iommu, "pci1af4,1057",
                "#iommu-cells = <1>;\n" + iommu_props)
    body += "".join(node(k, a, c, p) for k, a, c, p in fns)
    return f"""/dts-v1/;
/ {{
	#address-cells = <2>;
	#size-cells = <2>;
	model = "{title}";

	pcie@0 {{
		device_type = "pci";
		compatible = "pci-host-ecam-generic";
		#address-cells = <3>;
		#size-cells = <2>;
		linux,pci-domain = <0>;
		bus-range = <0 255>;
		iommu-map = <{maps}>;

{body}	}};
}};
"""


class Scenario:
    """Parameters of one boot, and run(), which returns facts about it.

    disk, rng, dma: addresses as "03.0", or None. Everything else has the
    default of the plainest x86 machine.
    """

    def __init__(self, name, arch="amd64", kernel=None, disk="03.0",
                 rng="03.1", dma=None, iommu="02.0", cmdline="", smp=1,
                 ram="512M", shared=True, ordered=None, late=0, boots=0,
                 new_files=40, files=120, iommu_props=None, dma_props="",
                 disk_props="", rng_props="", irq="msix", stress=200,
                 passthrough=False, machine=None, args=(), high=False,
                 limit=120, serve_args=(), min_maps=None, accel="tcg"):
        vars(self).update({k: v for k, v in locals().items() if k != "self"})
        if iommu_props is None:
            msi = MSI_X86 if arch == "amd64" else MSI_ITS
            self.iommu_props = BYPASS + f"iom,msi-region = <{msi}>;"

    # -- before the boot

    def machine_file(self, image):
        return machine(f"libiom, {self.name}", self.iommu, self.disk,
                       self.rng, self.dma, image, self.iommu_props,
                       self.dma_props, self.disk_props, self.rng_props)

    def firmware(self, g, serve):
        """Tells the guest what is behind the IOMMU; in libiom's own words."""
        w = g.work
        if self.arch == "amd64":
            viot = w.file("viot.bin")
            guest.tool([serve.iom, "fw", "viot", serve.dts, "-o", viot],
                       "iom fw viot")
            return ["-acpitable", "file=" + viot]
        base, new = w.file("base.dtb"), w.file("new.dtb")
        g.base_dtb(base)
        guest.tool([serve.iom, "fw", "dt", serve.dts, "--base", base, "-o",
                    new], "iom fw dt")
        return ["-dtb", new]

    def params(self):
        vfio = self.dma and self.dma if ":" in (self.dma or "") else (
            self.dma and "00:" + self.dma)
        return {
            "DISK": "y" if self.disk else "",
            "RNG": "y" if self.rng else "",
            "LATE": self.late or "",
            "BOOTS": self.boots or "",
            "NEW_FILES": (self.new_files or "") if self.disk else "",
            "VFIO": "0000:" + vfio if vfio else "",
            "VFIO_ARGS": f"irq={self.irq} stress={self.stress} "
                         f"seed={guest.SEED}"
                         + (" top=skip" if "6.12" in (self.kernel or "")
                            else ""),
        }

    def qemu_args(self, serve):
        """What iom printed, one argument a line."""
        return list(self.args) + serve.qemu_args

    # -- the boot

    def run(self, logs, progress=None):
        shutil.rmtree(logs, ignore_errors=True)
        os.makedirs(logs)
        with guest.Workdir() as work:
            return self.run_in(work, logs, progress)

    def run_in(self, work, logs, progress):
        disk, files = None, []
        if self.disk:
            disk = guest.Disk(work.path, files=self.files)
            files.append(("sums", disk.sums_file()))
        if self.dma:
            files.append(("bin/vfio_dma", guest.slurp(
                guest.guest_program("vfio_dma", self.arch))))
        serve = guest.Serve(
            work, self.machine_file(disk.path if disk else ""), logs,
            self.serve_args)
        g = guest.Guest(work, logs, arch=self.arch, kernel=self.kernel,
                        accel=self.accel, machine=self.machine, smp=self.smp,
                        ram=self.ram, shared=self.shared,
                        cmdline=self.cmdline, reboots=self.boots > 1,
                        limit=self.limit)
        g.make_initrd("disk", self.params(), files)
        g.devices = self.qemu_args(serve)
        g.devices += self.firmware(g, serve)
        r = g.run(alive=[serve.proc], progress=progress)
        facts = {"results": r, "seconds": g.seconds,
                 "resident_kib": serve.resident_kib()}
        facts["report"] = serve.stop()
        self.check_groups(r)
        facts["events"] = self.check_trace(g, serve, facts)
        self.check_report(r, facts)
        if disk:
            facts["host_files"] = disk.check()
            if int(r["verified"][-1]) != len(disk.sums):
                raise Failed(f"guest: {r['verified'][-1]} files verified, "
                             f"not {len(disk.sums)}")
            if self.new_files and facts["host_files"] != (
                    len(disk.sums) + self.new_files):
                raise Failed(f"host: {facts['host_files']} files compared")
        if self.boots and r["boot"] != [str(n + 1)
                                        for n in range(self.boots)]:
            raise Failed(f"guest: boots {r['boot']}")
        if self.late and "late" not in r:
            raise Failed("guest: the late driver was not late")
        return facts

    # -- what must be true afterwards

    def check_groups(self, r):
        kind = "identity" if self.passthrough else "DMA"
        want = {}
        for name, addr in (("disk", self.disk), ("rng", self.rng),
                           ("dma", self.dma)):
            if addr:
                want[f"0000:{bdf(addr) >> 8:02x}:" + addr.split(":")[-1]] = 1
        got = {x.split()[0]: x.split()[2] for x in r.get("group", [])}
        if set(got) != set(want):
            raise Failed(f"groups: {sorted(got)}, not {sorted(want)}")
        for dev, t in got.items():
            if not t.startswith(kind):
                raise Failed(f"group of {dev} is of type {t}, not {kind}")

    def check_trace(self, g, serve, facts):
        events = g.trace()
        log, others = guest.device_events(serve.log)
        facts["attach"] = others.get("attach", [])
        facts["faults"] = others.get("fault", [])
        if self.high and not any(e[3] and e[3] >= 1 << 32 for e in events):
            raise Failed("no memory above 4 GiB was mapped")
        if others["live"]:
            raise Failed(f"{len(others['live'])} mappings left at the end: "
                         f"{others['live'][0]}")
        if self.smp == 1:
            return guest.compare_sequence(events, log)
        return guest.compare_pages(events, log)

    def check_report(self, r, facts):
        rep = facts["report"]
        reqs = rep["iommus"][0]["requests"]
        least = self.min_maps
        if least is None:
            least = (0 if self.passthrough else 500) if self.disk else 100
        if reqs["map"] < least:
            raise Failed(f"only {reqs['map']} maps: was anything translated?")
        if self.passthrough and not self.dma and facts["events"]:
            raise Failed(f"{facts['events']} maps and unmaps in passthrough")
        if rep["iommus"][0]["refused"]:
            raise Failed(f"{rep['iommus'][0]['refused']} requests refused")
        faults = sum(e["faults"] for e in rep["endpoints"])
        if self.dma:
            if not r.get("page_fault", [""])[0]:
                raise Failed("guest: its kernel printed no page fault")
            if not faults:
                raise Failed("no fault counted after the unmap")
        elif faults:
            raise Failed(f"{faults} faults of endpoints that behave")
