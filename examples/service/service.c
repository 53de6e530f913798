// SPDX-License-Identifier: MIT
/*
 * A service domain. It serves the page that is on its disk, by HTTP, at the
 * path / or /index.html; it echoes UDP on port 7; and it powers off when the
 * toolstack asks it to (xl shutdown).
 *
 * The disk xvda begins with a block of 4 KiB that holds the page's length in
 * bytes, in decimal, and spaces after that. The page follows. It is read while
 * it is sent, so it may be larger than the domain's memory.
 */
#include <lwip/apps/fs.h>
#include <lwip/apps/httpd.h>
#include <lwip/udp.h>
#include <xenion/control.h>
#include "devices.h"
#include "net.h"

#define XVDA	51712
#define BLOCK	4096u

static struct bare_disk disk;
static char block[BLOCK] __attribute__((aligned(BLOCK)));
static uint64_t page_size;

static int read_block(uint64_t number)
{
	return bare_disk_io(&disk, XN_BLK_READ, number * (BLOCK / 512), block,
			    BLOCK);
}

static int open_page(void)
{
	unsigned int digits = 0;
	int err = bare_disk_open(&disk, XVDA, NULL);

	err = err ? err : read_block(0);
	if (err)
		return err;
	while (digits < BLOCK && block[digits] != ' ')
		digits++;
	return xn_parse_uint(block, digits, INT32_MAX, &page_size);
}

/* ---- files of lwIP's web server: there is one ---- */

int fs_open_custom(struct fs_file *file, const char *name)
{
	if (strcmp(name, "/index.html"))
		return false;
	memset(file, 0, sizeof(*file));
	file->len = page_size;
	file->flags = FS_FILE_FLAGS_HEADER_PERSISTENT;	/* says its length */
	return true;
}

int fs_read_custom(struct fs_file *file, char *buffer, int count)
{
	int at = file->index % BLOCK;
	int len = LWIP_MIN(count, (int)BLOCK - at);

	if (read_block(1 + file->index / BLOCK))
		return FS_READ_EOF;	/* the client misses the rest */
	memcpy(buffer, block + at, len);
	file->index += len;
	return len;
}

void fs_close_custom(struct fs_file *file)
{
}

/* ---- UDP ---- */

static void service_echo(void *arg, struct udp_pcb *pcb, struct pbuf *p,
			 const ip_addr_t *addr, u16_t port)
{
	udp_sendto(pcb, p, addr, port);
	pbuf_free(p);
}

static void echo_init(void)
{
	struct udp_pcb *pcb = udp_new();

	udp_recv(pcb, service_echo, NULL);
	udp_bind(pcb, IP_ADDR_ANY, 7);
}

/* ---- the toolstack's requests ---- */

static void service_end(struct xn_control *c)
{
	net_stop();
}

static const struct xn_control_command commands[] = {
	{ "poweroff", "feature-poweroff", service_end },
	{ "halt", "feature-halt", service_end },
};

static struct xn_control control = {
	.commands = commands, .nr_commands = 2,
};

void bare_main(void)
{
	int err = open_page();

	if (err) {
		bare_print("service: no page on xvda (error %d)\n", err);
		return;
	}
	err = net_open();
	if (err) {
		bare_print("service: no network (error %d)\n", err);
		return;
	}
	httpd_init();
	echo_init();
	err = xn_control_init(&control, &bare_guest);
	if (err) {
		bare_print("service: no watch on shutdown (error %d)\n", err);
		return;
	}
	bare_print("service: %lu bytes at http://%s/, %u of %u pages used\n",
		   page_size, ip4addr_ntoa(netif_ip4_addr(netif_default)),
		   bare_memory.used, bare_memory.total);
	net_run();
	bare_print("service: ends, %u pages used at most, %u packets dropped\n",
		   bare_memory.peak, net_dropped());
	xn_control_fini(&control);
	net_close();
	bare_disk_close(&disk);
}
