# SPDX-License-Identifier: BSD-2-Clause
"""Real guests for scripts/run, scripts/check-guests and bench/disk.

A Guest is one boot of an unmodified Linux in QEMU, with its devices either in
`iom serve` (backend "iom") or in QEMU itself (backend "qemu", for reference).
It owns a private temporary directory with sockets, disk and initramfs, and the
processes it starts; both are gone when it is closed, however it ends. Logs are
kept in a directory that the caller names.

What can go wrong is a Failed with a text for people.
"""
import hashlib
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(TOP, os.environ.get("B") or "build")
CACHE = os.environ.get("LIBIOM_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
    "libiom")
# A slow machine multiplies every limit by this.
PATIENCE = float(os.environ.get("LIBIOM_PATIENCE", "1"))
# Of the disk's contents and of the IOVAs in vfio_dma.
SEED = int(os.environ.get("IOM_SEED") or "1", 0)
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class Failed(Exception):
    pass


def cached(name):
    path = os.path.join(CACHE, name)
    if not os.path.exists(os.path.join(path, "version")):
        raise Failed(f"{name} is not in {CACHE}: run scripts/setup")
    return path


def version(name):
    with open(os.path.join(cached(name), "version")) as f:
        return f.read().strip()


def tool(argv, what, **kw):
    """Runs a host tool to its end; its output belongs to the error."""
    env = dict(os.environ)
    env["PATH"] += ":/sbin:/usr/sbin"
    try:
        p = subprocess.run(argv, stdout=subprocess.PIPE, env=env,
                           stderr=subprocess.STDOUT, timeout=60 * PATIENCE,
                           **kw)
    except FileNotFoundError:
        raise Failed(f"{what}: no {argv[0]} here: run scripts/setup")
    except subprocess.TimeoutExpired:
        raise Failed(f"{what}: {argv[0]} did not end")
    if p.returncode:
        out = p.stdout.decode(errors="replace").strip()
        raise Failed(f"{what}: {argv[0]} exited {p.returncode}: {out}")
    return p.stdout


# ---- initramfs -------------------------------------------------------------

def cpio(entries):
    """A newc archive of (name, mode, bytes)."""
    out = bytearray()
    for ino, (name, mode, data) in enumerate(
            entries + [("TRAILER!!!", 0, b"")]):
        head = (ino + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08x" % x for x in head)
        out += name.encode() + b"\0"
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    return bytes(out)


def slurp(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def guest_program(name, arch):
    """A static program for the guest, built if its source is newer."""
    src = os.path.join(HERE, name + ".c")
    out = os.path.join(BUILD, "guest", arch, name)
    cc = os.environ.get("GUEST_CC_" + arch) or (
        "gcc" if os.uname().machine == MACHINES[arch]
        else MACHINES[arch] + "-linux-gnu-gcc")
    if (not os.path.exists(out)
            or os.path.getmtime(out) < os.path.getmtime(src)):
        os.makedirs(os.path.dirname(out), exist_ok=True)
        part = f"{out}.{os.getpid()}"
        tool([cc, "-std=gnu11", "-O2", "-static", "-Wall", "-Wextra", "-o",
              part, src], f"build of {name} for {arch}")
        os.rename(part, out)
    return out


def make_initrd(path, arch, kernel, test, params, files=()):
    """busybox, the kernel's modules, /init, one test and its parameters."""
    mods = os.path.join(cached(kernel), "modules")
    entries = [(d, 0o40755, b"") for d in ("bin", "modules")]
    entries += [("dev", 0o40755, b""),
                ("bin/busybox", 0o100755,
                 slurp(cached("busybox-" + arch), "busybox")),
                ("init", 0o100755, slurp(HERE, "init")),
                ("test", 0o100644, slurp(HERE, test + ".sh"))]
    entries += [("modules/" + m, 0o100644, slurp(mods, m))
                for m in sorted(os.listdir(mods))]
    text = "".join(f"{k}='{v}'\n" for k, v in params.items())
    entries.append(("params", 0o100644, text.encode()))
    entries += [(n, 0o100755, data) for n, data in files]
    with open(path, "wb") as f:
        f.write(cpio(entries))


# ---- the disk ----------------------------------------------------------------

class Disk:
    """A real ext4 with files of known sums; sums is {name: sha256}."""

    def __init__(self, tmp, files=120, size_mb=64):
        rng = random.Random(SEED)
        self.path = os.path.join(tmp, "disk.img")
        self.tmp = tmp
        self.sums = {}
        top = os.path.join(tmp, "files")
        for i in range(files):
            # Sizes around pages and blocks, and a few large ones.
            n = rng.choice((0, 1, 511, 4095, 4096, 4097, 65536,
                            rng.randrange(1, 200000)))
            if i < 4:
                n = 1 << 20
            name = f"{'abcdef'[i % 6]}/{i:03}"
            data = rng.randbytes(n)
            os.makedirs(os.path.join(top, name[0]), exist_ok=True)
            with open(os.path.join(top, name), "wb") as f:
                f.write(data)
            self.sums[name] = hashlib.sha256(data).hexdigest()
        tool(["mke2fs", "-q", "-F", "-t", "ext4", "-d", top, "-E",
              "lazy_itable_init=0,lazy_journal_init=0,root_owner=0:0",
              self.path, f"{size_mb}M"], "disk image")
        shutil.rmtree(top)

    def sums_file(self):
        return "".join(f"{s}  {n}\n"
                       for n, s in self.sums.items()).encode()

    def check(self):
        """After the guest: e2fsck, and every file by its sum.

        Returns the number of files compared: ours, and those that the guest
        wrote and listed in /guest.sums.
        """
        tool(["e2fsck", "-f", "-n", self.path], "e2fsck after the guest")
        out = os.path.join(self.tmp, "back")
        os.makedirs(out)
        log = tool(["debugfs", "-R", f"rdump / {out}", self.path],
                   "reading the disk").decode()
        want = dict(self.sums)
        listed = os.path.join(out, "guest.sums")
        if os.path.exists(listed):
            for line in slurp(listed).decode().splitlines():
                s, n = line.split(maxsplit=1)
                want[n] = s
        for name, s in want.items():
            path = os.path.join(out, name)
            if not os.path.exists(path):
                raise Failed(f"host: {name} is not on the disk ({log})")
            if hashlib.sha256(slurp(path)).hexdigest() != s:
                raise Failed(f"host: wrong contents in {name}")
        shutil.rmtree(out)
        return len(want)


# ---- guest's trace against device's log ----------------------------------------

GUEST_MAP = re.compile(rb": map: IOMMU: iova=(0x[0-9a-f]+) - (0x[0-9a-f]+) "
                       rb"paddr=(0x[0-9a-f]+) size=(\d+)")
GUEST_UNMAP = re.compile(rb": unmap: IOMMU: iova=(0x[0-9a-f]+) - "
                         rb"(0x[0-9a-f]+) size=(\d+) unmapped_size=(\d+)")


MAP_F_MMIO = 4


def guest_events(data):
    """[(op, start, last, pa)] from the guest's ftrace; pa is None in unmaps."""
    out = []
    for line in data.splitlines():
        m = GUEST_MAP.search(line)
        if m:
            start, size = int(m[1], 16), int(m[4])
            out.append(("map", start, start + size - 1, int(m[3], 16)))
            continue
        m = GUEST_UNMAP.search(line)
        if m:
            start, size = int(m[1], 16), int(m[4])
            # More than asked: a mapping is not split, it goes as a whole.
            if size < int(m[3]):
                raise Failed(f"guest: partial unmap: {line.decode()}")
            out.append(("unmap", start, start + size - 1, None))
    return out


def device_events(path):
    """(the same from the device's log, {first word: its other lines})."""
    out, others, live = [], {}, {}
    with open(path) as f:
        for line in f:
            w = line.split()
            if not w or w[0].startswith("#"):
                continue
            if w[0] == "map":
                out.append(("map", int(w[2], 16), int(w[3], 16),
                            int(w[4], 16)))
                # Linux frees a domain with its MSI doorbell still mapped.
                if not int(w[5], 16) & MAP_F_MMIO:
                    live[w[1], out[-1][1]] = line.strip()
            elif w[0] == "unmap":
                out.append(("unmap", int(w[2], 16), int(w[3], 16), None))
                for at in [k for k in live if k[0] == w[1]
                           and out[-1][1] <= k[1] <= out[-1][2]]:
                    del live[at]
            else:
                others.setdefault(w[0], []).append(w[1:])
    others["live"] = list(live.values())
    return out, others


def event_text(e):
    op, start, last, pa = e
    return f"{op} 0x{start:x}-0x{last:x}" + (
        "" if pa is None else f" to 0x{pa:x}")


def compare_sequence(guest, device):
    """One CPU: the same operations in the same order.

    One event of the guest may be several requests, in ascending order and
    without a gap, where its size and alignment make Linux split it.
    """
    d = 0
    for n, (op, start, last, pa) in enumerate(guest):
        at = start
        while at <= last:
            if d == len(device):
                raise Failed(f"trace: event {n} of the guest, "
                             f"{event_text(guest[n])}, is not in the log")
            dop, dstart, dlast, dpa = device[d]
            if (dop != op or dstart != at or dlast > last
                    or (op == "map" and dpa != pa + (at - start))):
                raise Failed(f"trace: event {n}: guest "
                             f"{event_text(guest[n])}, device (line {d}) "
                             f"{event_text(device[d])}")
            at = dlast + 1
            d += 1
    if d != len(device):
        raise Failed(f"trace: {len(device) - d} requests more than events, "
                     f"first {event_text(device[d])}")
    return len(guest)


def by_page(events):
    pages = {}
    for op, start, last, pa in events:
        for i in range((last - start + 1) >> 12):
            pages.setdefault((start >> 12) + i, []).append(
                (op, None if pa is None else pa + (i << 12)))
    return pages


def compare_pages(guest, device):
    """Several CPUs: for each page the same operations in the same order."""
    g, d = by_page(guest), by_page(device)
    for page in sorted(g.keys() | d.keys()):
        if g.get(page) != d.get(page):
            raise Failed(f"trace: page 0x{page << 12:x}: guest "
                         f"{g.get(page)}, device {d.get(page)}")
    return len(guest)


# ---- processes -------------------------------------------------------------------

class Workdir:
    """A private directory and the processes in it; close() leaves nothing."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="iom-guest-")
        self.children = []

    def file(self, name):
        return os.path.join(self.path, name)

    def start(self, argv, **kw):
        try:
            # If we are killed outright, so are they.
            p = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *argv],
                                 stdin=subprocess.DEVNULL,
                                 start_new_session=True, **kw)
        except OSError as e:
            raise Failed(f"cannot start {argv[0]}: {e.strerror}")
        self.children.append(p)
        return p

    def close(self):
        for p in self.children:
            if p.poll() is None:
                p.kill()
            p.wait()
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def exit_on_signals():
    """Signals unwind the stack, so that close() is run. Ctrl-C is among them:
    a shell may have started us with SIGINT ignored."""
    def handler(sig, _frame):
        raise KeyboardInterrupt
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, handler)


class Serve:
    """A running `iom serve`."""

    def __init__(self, work, dts, logs, extra=(), log_requests=True):
        self.logs = logs
        self.dts = work.file("machine.dts")
        self.dir = work.file("sock")
        self.log = os.path.join(logs, "requests.log")
        self.report_path = os.path.join(logs, "report.json")
        self.iom = os.environ.get("IOM", os.path.join(BUILD, "iom"))
        if not os.path.exists(self.iom):
            raise Failed(f"{self.iom} is not built: run make")
        with open(self.dts, "w") as f:
            f.write(dts)
        shutil.copy(self.dts, os.path.join(logs, "machine.dts"))
        os.makedirs(self.dir)
        base = [self.iom, "serve", self.dts, "--dir", self.dir]
        out = tool(base + ["--print-args"], "iom serve --print-args")
        self.qemu_args = out.decode().splitlines()
        self.err = open(os.path.join(logs, "serve.log"), "wb")
        log = ["--log-requests", self.log] if log_requests else []
        self.proc = work.start(
            base + log + ["--report", self.report_path, *extra],
            stdout=subprocess.PIPE, stderr=self.err)
        self.wait_ready()

    def wait_ready(self):
        seen, limit = b"", time.monotonic() + 10 * PATIENCE
        while b"iom: ready" not in seen:
            left = limit - time.monotonic()
            r, _, _ = select.select([self.proc.stdout], [], [], max(left, 0))
            data = os.read(self.proc.stdout.fileno(), 4096) if r else b""
            if not data:
                raise Failed("iom serve did not become ready: " +
                             self.tail())
            seen += data

    def tail(self):
        self.err.flush()
        text = slurp(self.logs, "serve.log").decode(errors="replace")
        return text.strip()[-500:] or "(it said nothing)"

    def stop(self):
        """SIGTERM must drain, write the report and exit 0."""
        if self.proc.poll() is not None:
            raise Failed(f"iom serve ended by itself, "
                         f"status {self.proc.returncode}: {self.tail()}")
        self.proc.terminate()
        try:
            self.proc.wait(10 * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failed("iom serve did not end within 10 s of SIGTERM")
        if self.proc.returncode:
            raise Failed(f"iom serve exited {self.proc.returncode} on "
                         f"SIGTERM: {self.tail()}")
        with open(self.report_path) as f:
            return json.load(f)

    def resident_kib(self):
        with open(f"/proc/{self.proc.pid}/status") as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])


# ---- one boot ------------------------------------------------------------------------

class Guest:
    """Boots once and collects what the guest sent. See Guest.run()."""

    def __init__(self, work, logs, arch="amd64", kernel=None, accel="tcg",
                 machine=None, cpu=None, smp=1, ram="512M", shared=True,
                 cmdline="", devices=(), reboots=False, limit=60):
        self.work, self.logs, self.arch = work, logs, arch
        self.kernel = kernel or "linux-" + arch
        self.limit = limit * PATIENCE
        self.devices = list(devices)
        self.initrd = work.file("initrd")
        qemu = os.environ.get("QEMU_" + arch) or os.path.join(
            cached("qemu"), "bin", "qemu-system-" + MACHINES[arch])
        thread = ",thread=multi" if accel == "tcg" else ""
        if arch == "amd64":
            board, console = machine or "q35", "ttyS0"
            cpu = cpu or ("host" if accel == "kvm" else "max")
        else:
            board, console = machine or "virt,gic-version=3", "ttyAMA0"
            cpu = cpu or ("host" if accel == "kvm" else "cortex-a57")
        if shared:
            board += ",memory-backend=mem"
        self.argv = [qemu, "-machine", board, "-accel", accel + thread,
                     "-cpu", cpu, "-smp", str(smp), "-m", ram]
        if shared:
            self.argv += ["-object",
                          f"memory-backend-memfd,id=mem,size={ram},share=on"]
        self.argv += ["-nographic", "-nodefaults", "-serial", "stdio",
                      "-monitor", "none"]
        if not reboots:
            self.argv += ["-no-reboot"]
        self.boot = ["-kernel", os.path.join(cached(self.kernel), "vmlinuz"),
                     "-initrd", self.initrd, "-append",
                     f"console={console} panic=-1 quiet {cmdline}".strip()]
        self.argv += self.ports()

    def ports(self):
        """virtio-serial is QEMU's own and outside our IOMMU."""
        out = ["-device", "virtio-serial-pci,addr=1c.0"]
        for name in ("result", "trace", "dmesg"):
            path = os.path.join(self.logs, name + ".txt").replace(",", ",,")
            out += ["-chardev", f"file,id={name},path={path}",
                    "-device", f"virtserialport,chardev={name},name={name}"]
        return out

    def make_initrd(self, test, params, files=()):
        make_initrd(self.initrd, self.arch, self.kernel, test, params, files)

    def base_dtb(self, path):
        """The board's device tree, as QEMU would hand it to the guest."""
        argv = list(self.argv)
        argv[2] += ",dumpdtb=" + path
        tool(argv + self.devices, "QEMU's device tree")

    def results(self):
        """[(key, value)] in the order they were sent; whole lines only."""
        try:
            text = slurp(self.logs, "result.txt").decode(errors="replace")
        except FileNotFoundError:
            return []
        lines = text.split("\n")[:-1]
        return [tuple(x.split("=", 1)) for x in lines if "=" in x]

    def trace(self):
        return guest_events(slurp(self.logs, "trace.txt"))

    def run(self, alive=(), progress=None):
        """Boots and waits for the end; returns results as a dict of lists.

        alive: processes that must not end before the guest does.
        """
        argv = self.argv + self.devices + self.boot
        with open(os.path.join(self.logs, "qemu.cmd"), "w") as f:
            f.write(" \\\n  ".join(argv) + "\n")
        console = os.path.join(self.logs, "console.txt")
        start = time.monotonic()
        with open(console, "wb") as out:
            p = self.work.start(argv, stdout=out, stderr=subprocess.STDOUT)
        shown = 0
        while p.poll() is None:
            time.sleep(0.05)
            if progress:
                for k, v in self.results()[shown:]:
                    shown += 1
                    progress(k, v, time.monotonic() - start)
            if time.monotonic() - start > self.limit:
                raise Failed(f"guest: not finished after {self.limit:.0f} s; "
                             + self.last_words(console))
            for other in alive:
                if other.poll() is not None:
                    raise Failed(f"iom serve ended under the guest, status "
                                 f"{other.returncode}")
        self.seconds = time.monotonic() - start
        r = {}
        for k, v in self.results():
            r.setdefault(k, []).append(v)
        if r.get("end") != ["ok"]:
            why = r.get("error") or [f"QEMU exited {p.returncode} without a "
                                     "word from the guest; "
                                     + self.last_words(console)]
            raise Failed("guest: " + "; ".join(why))
        if p.returncode:
            raise Failed(f"QEMU exited {p.returncode}")
        if any(x != "0" for x in r.get("trace_overrun", ["?"])):
            raise Failed("guest: its trace buffer was too small")
        return r

    @staticmethod
    def last_words(console):
        text = slurp(console).decode(errors="replace").strip()
        return "last on the console: " + (text[-300:] or "(nothing)")
