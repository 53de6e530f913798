/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Between the two halves of the tests in User-Mode Linux: the kernel's half
 * (kernel.c, test_*.c), which sees Linux's headers, and the host's half
 * (host.c, memory.c, disk.c, net.c and os/host), which sees those of the C
 * library. Included by both, hence C's own types only.
 */
#ifndef XENION_TESTS_LINUX_UM_H
#define XENION_TESTS_LINUX_UM_H

/* ---- arch/um: where the kernel's physical memory begins, and its size ---- */

extern unsigned long uml_physmem;
extern unsigned long long physmem_size;

/* ---- kernel.c, for the host's half; any context ---- */

/* A rule was broken: the current test fails with this message. */
void um_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, and the machine stops. */
void um_die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));
/* Xen raises the upcall vector. */
void um_raise(unsigned int vcpu);

/* ---- host.c, for the kernel's half; interrupts off ---- */

/* A guest of the simulated Xen, with an empty xenstore. */
void um_host_start(void);
/* Returns: as host_guest_leaks(). */
unsigned int um_host_stop(void);
long um_host_hypercall(unsigned int nr, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4, unsigned long a5);
/* Run dom0 and Xen. Returns: did they have anything to do? */
int um_host_pump(void);
void *um_host_map(unsigned long gfn, unsigned int count);
void um_host_unmap(void *va);

void um_store_write(const char *path, const char *value);
/* The value, or "" */
const char *um_store_read(const char *path);
/* The toolstack makes a device, whose backend does nothing. */
void um_plug(const char *type, unsigned int id);
void um_unplug(const char *type, unsigned int id);
/* xenstored stops answering the guest's requests, or starts again. */
void um_store_mute(int mute);

/* One of dom0's ports, which counts the guest's events. */
struct um_port;
struct um_port *um_port_offer(void);
struct um_port *um_port_connect(unsigned int port);
unsigned int um_port_number(const struct um_port *p);
unsigned int um_port_events(const struct um_port *p);
void um_port_notify(struct um_port *p);
void um_port_close(struct um_port *p);
unsigned int um_ports_open(void);

/* The console's ring, which tests may corrupt. */
struct xencons_interface;
struct xencons_interface *um_console(void);

/* ---- disk.c: backends of disks, one per number; interrupts off ---- */

#define UM_DISKS	2
#define UM_SECTORS	16384u

struct um_disk {
	const char *node;		/* "device/vbd/51712" */
	void (*plug)(void);
	void (*unplug)(void);
	/* Stop answering the requests taken, or answer them all. */
	void (*hold)(int hold);
	unsigned char *(*data)(void);
	unsigned int (*requests)(void);
	/* The backend closes, then waits for a frontend again. */
	void (*close)(void);
};

extern const struct um_disk um_disk0, um_disk1;

/* ---- net.c: the backend of an interface; interrupts off ---- */

void um_net_plug(void);
void um_net_unplug(void);
/* Put a packet into the receive ring, in pieces of these lengths; 0 ends. */
void um_net_receive(const unsigned char *data, const unsigned int *pieces);
/* Packets sent by the guest, and the last of them. */
unsigned int um_net_sent(void);
unsigned int um_net_last(const unsigned char **data);

#endif /* XENION_TESTS_LINUX_UM_H */
