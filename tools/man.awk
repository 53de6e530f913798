# SPDX-License-Identifier: MIT
#
# Splits the output of kernel-doc -man for a header into one manual page per
# function (see lib.mk). Each page names the project instead of the kernel, and
# the header to include.
#
# Variables: folder, header, version

/^\.TH / {
	name = substr($2, 2, length($2) - 2)
	page = folder "/" name ".9"
	printf ".TH \"%s\" 9 \"\" \"Xenion %s\" \"Xenion\"\n", name, version >page
	next
}

# Structures have no page of their own: their comments are in the header.
page == "" {
	next
}

{
	print >page
}

/^\.SH SYNOPSIS/ {
	printf ".B #include <%s>\n.P\n", header >page
}
