# SPDX-License-Identifier: BSD-2-Clause
"""Linux's own virtio_mmio on libiom's registers, in a BAR over vfio-user.

Boots an arm64 guest whose device tree has a virtio,mmio node at the address
that Linux gives to BAR 0 of examples/virtio_mmio_bar, and lets it use an ext4.
docs/virtio-mmio.md has the reasons.
"""
import os
import time

import guest

SLOT = 2
# The first address of virt's 32-bit window: this BAR is the largest there.
BAR = 0x10000000
# virt swizzles INTA to INTD over SPI 3 to 6.
SPI = 3 + SLOT % 4
NODE = f"""
/ {{
	virtio@{BAR:x} {{
		compatible = "virtio,mmio";
		reg = <0 0x{BAR:x} 0 0x1000>;
		interrupts = <0 {SPI} 4>;
		dma-coherent;
	}};
}};
"""
NEW_FILES = 20


def device_tree(work, g):
    base, text, new = (work.file(n) for n in ("base.dtb", "new.dts",
                                              "new.dtb"))
    g.base_dtb(base)
    dts = guest.tool(["dtc", "-q", "-I", "dtb", "-O", "dts", base], "dtc")
    with open(text, "wb") as f:
        f.write(dts + NODE.encode())
    guest.tool(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", new, text],
               "dtc")
    return ["-dtb", new]


def start_server(work, logs, disk, ring):
    build = os.path.relpath(guest.BUILD, guest.TOP)
    exe = os.path.join(build, "examples", "virtio_mmio_bar")
    guest.tool(["make", "-s", "B=" + build, exe], "build of the example",
               cwd=guest.TOP)
    sock = work.file("bar.sock")
    with open(os.path.join(logs, "serve.log"), "wb") as log:
        p = work.start([os.path.join(guest.TOP, exe), sock, disk, ring],
                       stdout=log, stderr=log)
    limit = time.monotonic() + 10 * guest.PATIENCE
    while not os.path.exists(sock):
        if p.poll() is not None or time.monotonic() > limit:
            raise guest.Failed("virtio_mmio_bar did not start: " +
                               guest.slurp(logs, "serve.log").decode())
        time.sleep(0.05)
    return p, sock


class MmioBar:
    arch, dma = "arm64", None

    def __init__(self, name, ring):
        self.name, self.ring = name, ring

    def run(self, logs):
        guest.shutil.rmtree(logs, ignore_errors=True)
        os.makedirs(logs)
        with guest.Workdir() as work:
            return self.run_in(work, logs)

    def run_in(self, work, logs):
        disk = guest.Disk(work.path, files=40)
        server, sock = start_server(work, logs, disk.path, self.ring)
        g = guest.Guest(work, logs, arch=self.arch)
        params = {"FN": f"0000:00:{SLOT:02x}.0", "BAR": hex(BAR),
                  "NEW_FILES": NEW_FILES}
        g.make_initrd("mmio_bar", params, [("sums", disk.sums_file())])
        # The tree first, without the function: QEMU would attach to it.
        tree = device_tree(work, g)
        g.devices = ["-device", '{"driver":"vfio-user-pci","addr":"%02x.0",'
                     '"socket":{"type":"unix","path":"%s"}}' % (SLOT, sock)]
        g.devices += tree
        r = g.run(alive=[server])
        server.terminate()
        if server.wait(10 * guest.PATIENCE):
            raise guest.Failed("virtio_mmio_bar failed: " +
                               guest.slurp(logs, "serve.log").decode())
        self.check(r)
        if disk.check() != len(disk.sums) + NEW_FILES:
            raise guest.Failed("host: files are missing")
        if int(r["verified"][0]) != len(disk.sums):
            raise guest.Failed(f"guest: {r['verified'][0]} files verified")
        return {"summary": f"{r['verified'][0]} files verified, "
                           f"{r['irqs'][0]} interrupts"}

    def check(self, r):
        if r["driver"] != ["virtio-mmio"]:
            raise guest.Failed(f"guest: the disk's driver is {r['driver']}")
        # VERSION_1 and RING_PACKED, as sysfs writes them: bit 0 first.
        want = ["1", "1" if self.ring == "packed" else "0"]
        if [r["features"][0][b] for b in (32, 34)] != want:
            raise guest.Failed(f"guest: features {r['features'][0]}")
        if int(r["irqs"][0] or 0) < 10:
            raise guest.Failed(f"guest: {r['irqs'][0]} interrupts")
