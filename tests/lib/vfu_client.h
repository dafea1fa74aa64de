/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vfio-user client for tests: it says what it is told to say, byte for byte,
 * and shows what comes back. And a small device for the other end.
 */
#ifndef TESTS_LIB_VFU_CLIENT_H
#define TESTS_LIB_VFU_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <iom/spec/vfio_user.h>
#include <iom/vfu/vfu.h>

#define VFU_CLIENT_MAX (2u << 20)

struct vfu_client {
	int fd;
	uint16_t id;		/* of the next command */
};

struct vfu_client_msg {
	struct vfio_user_hdr hdr;
	uint8_t *data;		/* static, until the next receive */
	size_t len;
};

/* A socketpair whose other end v has adopted. */
void vfu_client_open(struct vfu_client *c, struct iom_vfu *v);
void vfu_client_connect(struct vfu_client *c, const char *path);
void vfu_client_close(struct vfu_client *c);

/* Returns the id of the message; hdr.flags as given, size computed. */
uint16_t vfu_client_send(struct vfu_client *c, unsigned int cmd, uint32_t flags,
			 const void *data, size_t len, const int *fds, unsigned int nr_fds);
/* Bytes as they are; false if the connection is closed. */
bool vfu_client_raw(struct vfu_client *c, const void *bytes, size_t len, const int *fds,
		    unsigned int nr_fds);
/* The next message within ms, false if none or closed. */
bool vfu_client_recv(struct vfu_client *c, struct vfu_client_msg *m, int ms);
/* Is the connection closed (and nothing left to read)? */
bool vfu_client_closed(struct vfu_client *c, int ms);

/* Send, let v handle it on this thread, receive the reply; its id is checked. */
void vfu_client_call(struct vfu_client *c, struct iom_vfu *v, unsigned int cmd,
		     const void *data, size_t len, const int *fds, unsigned int nr_fds,
		     struct vfu_client_msg *m);
/* As above, and the reply must be an error with this errno (U10), or 0 for none. */
void vfu_client_expect(struct vfu_client *c, struct iom_vfu *v, unsigned int cmd,
		       const void *data, size_t len, const int *fds, unsigned int nr_fds,
		       uint32_t error);
void vfu_client_version(struct vfu_client *c, struct iom_vfu *v);
/* fd -1: memory without a descriptor. */
void vfu_client_map(struct vfu_client *c, struct iom_vfu *v, uint64_t addr, uint64_t size,
		    uint64_t offset, uint32_t flags, int fd, uint32_t error);
void vfu_client_unmap(struct vfu_client *c, struct iom_vfu *v, uint64_t addr, uint64_t size,
		      uint32_t error);

/* Number of descriptors this process has open. */
unsigned int vfu_client_count_fds(void);

#define VFU_DEV_BAR 4096u

/* Config space and BAR 1 are memory; bit 2 of byte 4 of config allows DMA. */
struct vfu_dev {
	struct iom_vfu_dev dev;
	uint8_t config[256];
	uint8_t bar[VFU_DEV_BAR];
	atomic_bool bus_master;
	unsigned int resets, opened, closed, memory_changes, irq_changes, notes;
	unsigned int reads, writes;
	char note[160];
};

/* *d is cleared; bus mastering is on. */
void vfu_dev_init(struct vfu_dev *d, struct iom_vfu_cfg *cfg);

#endif
