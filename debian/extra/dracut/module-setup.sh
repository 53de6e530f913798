#!/bin/bash
# The modules of xenion-dkms in an initramfs of dracut's, where there are any for
# this kernel. There they load by themselves, as in the system.

check() {
	return 0
}

installkernel() {
	instmods xenion xenion-console xenion-blkfront xenion-netfront xenion-time \
		xenion-balloon xenion-dev
}
