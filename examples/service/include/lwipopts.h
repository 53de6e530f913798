/* SPDX-License-Identifier: MIT */
/*
 * What the service domain wants of lwIP: IPv4 with TCP and UDP by callbacks,
 * in one thread, in memory that is set aside at build time.
 */
#ifndef LWIPOPTS_H
#define LWIPOPTS_H

#define NO_SYS				1
#define SYS_LIGHTWEIGHT_PROT		0
#define LWIP_SOCKET			0
#define LWIP_NETCONN			0
#define LWIP_RAW			0
#define LWIP_STATS			0

#define LWIP_SINGLE_NETIF		1
#define ETHARP_SUPPORT_STATIC_ENTRIES	0
/* The backend says of each packet which checksums lwIP has to check. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF	1

#define TCP_MSS				1460
#define TCP_WND				(4 * TCP_MSS)
#define TCP_SND_BUF			(6 * TCP_MSS)
#define TCP_SND_QUEUELEN		16
#define MEMP_NUM_TCP_PCB		10
#define MEMP_NUM_TCP_SEG		(MEMP_NUM_TCP_PCB * TCP_SND_QUEUELEN)

/* Received packets: many small acknowledgements wait while the disk is read. */
#define PBUF_POOL_BUFSIZE		256
#define PBUF_POOL_SIZE			256
#define IP_REASS_MAX_PBUFS		64

/* Packets that all connections together are sending. */
#define MEM_ALIGNMENT			8
#define MEM_SIZE			(MEMP_NUM_TCP_PCB * 14 * 1024)

/* apps/http: it calls fs_open_custom() and fs_read_custom() for each file. */
#define LWIP_HTTPD_CUSTOM_FILES		1
#define LWIP_HTTPD_DYNAMIC_FILE_READ	1
#define LWIP_HTTPD_DYNAMIC_HEADERS	1
#define HTTPD_FSDATA_FILE		"no_files.h"
#define HTTPD_MAX_WRITE_LEN(pcb)	4096	/* bytes per read */

#endif /* LWIPOPTS_H */
