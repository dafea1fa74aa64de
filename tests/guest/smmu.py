# SPDX-License-Identifier: BSD-2-Clause
"""Linux's arm-smmu-v3 on libiom's SMMUv3.

No machine of QEMU's takes an SMMU from outside, so the registers are pages of
the guest's memory that polled_smmu_test polls (tests/guest/polled_smmu.h); the
functions behind it are those of `iom serve`. docs/guests.md has the reasons.
"""
import copy
import os
import re
import socket
import threading
import time

import guest
from guest import Failed
from scenario import Scenario, bdf, node

RAM_MB = 1024
# The largest BAR of the machine, so Linux leaves it at the start of the window.
BAR = 0x10000000
BAR_SLOT = 5
ECAM = 0x4010000000
REGS = 0x40000000 + RAM_MB * 0x100000 - 0x200000


class Reported(Failed):
    """By the strict SMMU: no second try makes it go away."""


class Strict:
    """
    Seeds of the adversary in one boot: first, first + 1, ... The first is in
    force for boot CMD_SYNCs, until the disk is done with; each other one for
    about a round of vfio_dma, with functions that go and come back.
    """
    def __init__(self, first, seeds, boot=1600, syncs=1500, slack=64,
                 spare=True):
        self.first, self.seeds = first, seeds
        self.boot, self.syncs = boot, syncs
        self.slack, self.spare = slack, spare
        self.rounds = seeds + 1


class Serve(guest.Serve):
    """`iom serve` with the SMMU in front, in a file of guest memory."""

    def __init__(self, work, dts, logs, stages, linear, bar=None, ats=False,
                 strict=None):
        build = os.path.relpath(guest.BUILD, guest.TOP)
        exe = os.path.join(build, "tests", "guest", "polled_smmu_test")
        guest.tool(["make", "-s", "B=" + build, exe],
                   "build of polled_smmu_test", cwd=guest.TOP)
        self.ram = work.file("ram")
        with open(self.ram, "wb") as f:
            f.truncate(RAM_MB << 20)
        os.environ.update(IOM=os.path.join(guest.TOP, exe),
                          POLLED_RAM=self.ram, POLLED_REGS=hex(REGS),
                          POLLED_STAGES=stages)
        if linear:
            os.environ["POLLED_LINEAR"] = "y"
        if bar:
            os.environ["POLLED_BAR"] = bar
        if ats:
            os.environ["POLLED_ATS"] = "y"
        if strict:
            os.environ.update(POLLED_LOG=os.path.join(logs, "strict.log"),
                              POLLED_STRICT=str(strict.first),
                              POLLED_SEEDS=str(strict.seeds),
                              POLLED_SYNCS=f"{strict.boot},{strict.syncs}",
                              POLLED_SLACK=str(strict.slack))
            if strict.spare:
                os.environ["POLLED_SPARE"] = "y"
        super().__init__(work, dts, logs, log_requests=False)


def connect(path):
    for _ in range(200):
        try:
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            return s.makefile("rw")
        except OSError:
            time.sleep(0.05)
    raise Failed(f"QEMU does not listen at {path}")


def enable_bar(qtest, qmp):
    config = ECAM + (BAR_SLOT << 15)
    f = connect(qtest)
    for addr, val in ((0x10, BAR), (0x04, 6)):
        f.write(f"writel 0x{config + addr:x} 0x{val:x}\n")
        f.flush()
        if f.readline().strip() != "OK":
            raise Failed("qtest: writel failed")
    f = connect(qmp)
    f.readline()
    for cmd in ("qmp_capabilities", "cont"):
        f.write('{"execute":"%s"}\n' % cmd)
        f.flush()
        f.readline()


class Smmu(Scenario):
    """stages: "1", "2" or "12". v2m: GICv2 with GICv2m, where the function's
    MSI is translated by the SMMU; else GICv3 with ITS, and INTx. ats: the SMMU
    has ATS and PRI, but no function does. strict: the SMMU is strict."""

    def __init__(self, name, stages="12", linear=False, v2m=False, bar=False,
                 ats=False, strict=None, **kw):
        kw.setdefault("dma", "04.0")
        if strict:
            kw.setdefault("limit", 120 + 10 * strict.seeds)
        super().__init__(name, arch="arm64", iommu=None,
                         machine="virt,gic-version=" + ("2" if v2m else "3"),
                         irq="msi" if v2m else "intx", ram=f"{RAM_MB}M", **kw)
        self.stages, self.linear, self.v2m = stages, linear, v2m
        self.regs = BAR if bar else REGS
        self.bar, self.ats, self.strict = bar, ats, strict

    def machine_file(self, image):
        no_msix = "iom,no-msix;\n"
        body = ""
        if self.disk:
            body += node("disk", self.disk, "virtio,blk",
                         f'iom,file = "{image}";\n' + no_msix)
        if self.rng:
            body += node("rng", self.rng, "virtio,rng", no_msix)
        if self.dma:
            body += node("dma", self.dma, "iom,dma-test",
                         "iom,msi-only;\n" if self.v2m else no_msix)
        return f"""/dts-v1/;
/ {{
	#address-cells = <2>;
	#size-cells = <2>;
	model = "libiom, {self.name}";

	pcie@0 {{
		device_type = "pci";
		compatible = "pci-host-ecam-generic";
		#address-cells = <3>;
		#size-cells = <2>;
		linux,pci-domain = <0>;
		bus-range = <0 255>;

{body}	}};
}};
"""

    def device_tree(self, work, g):
        """The board's tree, with the SMMU and our functions behind it."""
        base, text, new = (work.file(n) for n in ("base.dtb", "new.dts",
                                                  "new.dtb"))
        g.base_dtb(base)
        dts = guest.tool(["dtc", "-q", "-I", "dtb", "-O", "dts", base],
                         "dtc").decode()
        doorbell = re.search(
            (r"v2m@[^{]*\{[^}]*?" if self.v2m else r"its@[^{]*\{[^}]*?")
            + r"phandle = <(0x[0-9a-f]+)>", dts)
        if not doorbell:
            raise Failed("no MSI controller in the board's device tree")
        msi = doorbell[1] if self.v2m else doorbell[1] + " 0"
        maps = "  ".join(f"0x{bdf(a):x} &smmu 0x{bdf(a):x} 1" for a in
                         (self.disk, self.rng, self.dma) if a)
        dts += f"""
/ {{
	reserved-memory {{
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		smmu@{REGS:x} {{
			reg = <0 0x{REGS:x} 0 0x200000>;
			no-map;
		}};
	}};
	smmu: iommu@{self.regs:x} {{
		compatible = "arm,smmu-v3";
		reg = <0 0x{self.regs:x} 0 0x20000>;
		#iommu-cells = <1>;
		dma-coherent;
		msi-parent = <{msi}>;
	}};
	pcie@10000000 {{
		iommu-map = <{maps}>;
	}};
}};
"""
        with open(text, "w") as f:
            f.write(dts)
        guest.tool(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", new, text],
                   "dtc")
        return ["-dtb", new]

    def with_seeds(self, first, seeds):
        """The same boot, with other seeds of a strict SMMU."""
        t = copy.copy(self)
        t.name = f"{self.name}:{first}:{seeds}"
        t.strict = copy.copy(self.strict)
        t.strict.first, t.strict.seeds = first, seeds
        t.strict.rounds = seeds + 1
        t.limit += 10 * (seeds - self.strict.seeds)
        return t

    def params(self):
        p = super().params()
        if self.strict:
            p["ROUNDS"] = self.strict.rounds
            p["REPLUG"] = " ".join(
                f"0000:00:{addr}=/dev/{dev}" for addr, dev in (
                    (self.disk, "vda"), (self.rng, "hwrng")) if addr)
        return p

    def enable_bar(self, work):
        """What firmware would do, before the guest runs: by qtest."""
        qtest, qmp = work.file("qtest"), work.file("qmp")
        threading.Thread(target=enable_bar, args=(qtest, qmp),
                         daemon=True).start()
        return ["-device", '{"driver":"vfio-user-pci","addr":"%02x.0",'
                '"socket":{"type":"unix","path":"%s"}}' % (
                    BAR_SLOT, work.file("bar")),
                "-S", "-qtest", f"unix:{qtest},server=on,wait=off",
                "-qtest-log", "none", "-qmp", f"unix:{qmp},server=on,wait=off"]

    def run_in(self, work, logs, _progress):
        disk, files = None, []
        if self.disk:
            disk = guest.Disk(work.path, files=self.files)
            files.append(("sums", disk.sums_file()))
        if self.dma:
            files.append(("bin/vfio_dma", guest.slurp(
                guest.guest_program("vfio_dma", self.arch))))
        serve = Serve(work, self.machine_file(disk.path if disk else ""),
                      logs, self.stages, self.linear,
                      work.file("bar") if self.bar else None, self.ats,
                      self.strict)
        g = guest.Guest(work, logs, arch=self.arch, machine=self.machine,
                        smp=self.smp, ram=self.ram, cmdline=self.cmdline,
                        limit=self.limit)
        g.argv[g.argv.index("-object") + 1] = (
            f"memory-backend-file,id=mem,size={RAM_MB}M,"
            f"mem-path={serve.ram},share=on")
        g.make_initrd("disk", self.params(), files)
        tree = self.device_tree(work, g)
        g.devices = serve.qemu_args + tree
        if self.bar:
            g.devices += self.enable_bar(work)
        r = g.run(alive=[serve.proc])
        smmu = serve.stop()["smmu"]
        self.check_groups(r)
        self.check_log(logs, r)
        self.check_smmu(smmu)
        if disk and disk.check() != len(disk.sums) + self.new_files:
            raise Failed("host: files are missing")
        if disk and int(r["verified"][0]) != len(disk.sums):
            raise Failed(f"guest: {r['verified'][0]} files verified")
        if self.strict:
            return {"summary": self.check_strict(smmu, logs)}
        return {"summary": f"{smmu['translations']} translations like a "
                           f"walk, {smmu['commands']} commands, "
                           f"{smmu['events']} events, {smmu['msis']} MSIs"}

    # -- what must be true afterwards

    def check_log(self, logs, r):
        """The driver saw the SMMU that was meant, and the fault."""
        log = guest.slurp(logs, "dmesg.txt").decode(errors="replace")
        probed = re.search(r"arm-smmu-v3 [^ ]*: .*\(features (0x[0-9a-f]+)\)",
                           log)
        if not probed:
            raise Failed("guest: arm-smmu-v3 did not probe")
        features = int(probed[1], 16)
        # In Linux: two-level stream table 0, stages 1 and 2: bits 9 and 10.
        want = (not self.linear, "1" in self.stages, "2" in self.stages)
        got = tuple(bool(features >> b & 1) for b in (0, 9, 10))
        if got != want:
            raise Failed(f"guest: features {features:#x}: two-level, S1, S2 "
                         f"are {got}")
        # Its registers and acknowledgements; no function here sends requests.
        if self.ats and "entries for priq" not in log:
            raise Failed("guest: no PRI queue")
        bad = re.search(r".*(CMDQ error|CMD_SYNC timeout|GERROR|"
                        r"event queue is full|unexpected).*", log)
        if bad:
            raise Failed("guest: " + bad[0].strip())
        # A strict SMMU writes events in another order than they happened.
        first = log if self.strict else r.get("page_fault", [""])[0]
        if self.dma and "F_TRANSLATION" not in first:
            raise Failed("guest: its kernel printed no F_TRANSLATION")

    def check_smmu(self, smmu):
        if smmu["unlike_a_walk"]:
            raise Failed(f"{smmu['unlike_a_walk']} of "
                         f"{smmu['translations']} translations were not "
                         "those of a fresh walk")
        if smmu["translations"] < (2000 if self.disk else 500):
            raise Failed(f"only {smmu['translations']} translations")
        if not self.strict and smmu["tlb_misses"] > smmu["translations"] * 9 // 10:
            raise Failed("hardly a hit: was anything cached?")
        if smmu["command_errors"] or smmu["events_lost"] or smmu["msis_lost"]:
            raise Failed(f"errors: {smmu}")
        if self.bar and (not smmu["accesses_32"] or not smmu["accesses_64"]
                         or smmu["accesses_refused"]):
            raise Failed(f"accesses: {smmu}")
        if not smmu["syncs"] or smmu["msis"] < 1 or not smmu["events"]:
            raise Failed(f"no CMD_SYNC, message or event: {smmu}")

    def check_strict(self, smmu, logs):
        """No report of any seed, and none of the seeds was idle."""
        st = smmu["strict"]
        if st["reports"]:
            text = guest.slurp(logs, "strict.log").decode().split("\n")[0]
            raise Reported(f"{st['reports']} reports in strict.log: {text}")
        if st["seeds"] != self.strict.seeds:
            raise Failed(f"{st['seeds']} seeds of {self.strict.seeds} in "
                         f"{smmu['syncs']} CMD_SYNCs")
        for what in ("held_uses", "prefetches", "late_cmds", "late_events"):
            if not st[what]:
                raise Failed(f"strict: no {what}: {st}")
        return (f"{st['seeds']} seeds, no report; {smmu['translations']} "
                f"translations, {st['held_uses']} held, "
                f"{st['prefetches']} prefetches, {smmu['syncs']} CMD_SYNCs, "
                f"{st['late_syncs']} late, {st['late_cmds']} commands put off, "
                f"{st['steps']} steps")
