// SPDX-License-Identifier: MIT
/*
 * CPUID: Xen's leaves in both places, older Xens with fewer of them, and the
 * choice of the hypercall instruction.
 */
#include "unit.h"

/* A table as the CPU, in place of <xenion/x86/cpuid.h>. */
#define XENION_X86_CPUID_H
struct xn_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static struct xn_cpuid cpu_leaf_0, cpu_leaf_1, cpu_xen[5];
static uint32_t cpu_xen_base;

static struct xn_cpuid xn_cpuid(uint32_t leaf, uint32_t subleaf)
{
	assert_int_equal(subleaf, 0);
	if (leaf == 0)
		return cpu_leaf_0;
	if (leaf == 1)
		return cpu_leaf_1;
	if (leaf - cpu_xen_base < XN_ARRAY_SIZE(cpu_xen) &&
	    leaf <= cpu_xen[0].eax)
		return cpu_xen[leaf - cpu_xen_base];
	return (struct xn_cpuid){ 0, 0, 0, 0 };
}

/* A process has no hypercall instruction: only the names of the choices. */
#define XENION_X86_HYPERCALL_H
extern enum xn_hypercall_insn {
	XN_INSN_NONE,
	XN_INSN_VMMCALL,
	XN_INSN_VMCALL,
} xn_hypercall_insn;
static void xn_hypercall_choose(void);

#include "boot/x86/probe.c"
#include "hypercall/x86/insn.c"

static struct xn_hv_info info;

static int setup(void **state)
{
	cpu_leaf_1.ecx = 1u << 31;
	cpu_xen_base = 0x40000000;
	cpu_xen[0] = (struct xn_cpuid){
		cpu_xen_base + 4, XEN_CPUID_SIGNATURE_EBX,
		XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX
	};
	cpu_xen[1] = (struct xn_cpuid){ .eax = 4 << 16 | 17 };
	cpu_xen[3] = (struct xn_cpuid){ .ecx = 2600000 };
	cpu_xen[4] = (struct xn_cpuid){
		.eax = XEN_HVM_CPUID_VCPU_ID_PRESENT, .ebx = 5
	};
	return 0;
}

static void test_xen(void **state)
{
	assert_int_equal(xn_hv_probe(&info), 0);
	assert_int_equal(info.cpuid_base, 0x40000000);
	assert_int_equal(info.major, 4);
	assert_int_equal(info.minor, 17);
	assert_int_equal(info.tsc_khz, 2600000);
	assert_true(info.has_vcpu_id);
	assert_int_equal(xn_hv_vcpu_id(&info, 9), 5);
}

static void test_behind_hyperv(void **state)
{
	cpu_xen_base = 0x40000100;
	cpu_xen[0].eax = cpu_xen_base + 4;
	assert_int_equal(xn_hv_probe(&info), 0);
	assert_int_equal(info.cpuid_base, 0x40000100);
}

static void test_few_leaves(void **state)
{
	cpu_xen[0].eax = cpu_xen_base + 2;
	assert_int_equal(xn_hv_probe(&info), 0);
	assert_int_equal(info.tsc_khz, 0);
	assert_false(info.has_vcpu_id);
	assert_int_equal(xn_hv_vcpu_id(&info, 9), 9);
	cpu_xen[0].eax = cpu_xen_base + 1;
	assert_int_equal(xn_hv_probe(&info), -ENODEV);
	cpu_xen[0].eax = 0;
	assert_int_equal(xn_hv_probe(&info), -ENODEV);
}

static void test_no_xen(void **state)
{
	const struct xn_hv_info none = { 0 };

	cpu_leaf_1.ecx = 0;
	memset(&info, 0xff, sizeof(info));
	assert_int_equal(xn_hv_probe(&info), -ENODEV);
	assert_memory_equal(&info, &none, sizeof(info));
	cpu_leaf_1.ecx = 1u << 31;
	cpu_xen[0].edx++;
	assert_int_equal(xn_hv_probe(&info), -ENODEV);
}

static enum xn_hypercall_insn choose(const char *vendor)
{
	memcpy(&cpu_leaf_0.ebx, vendor, 4);
	memcpy(&cpu_leaf_0.edx, vendor + 4, 4);
	memcpy(&cpu_leaf_0.ecx, vendor + 8, 4);
	xn_hypercall_choose();
	return xn_hypercall_insn;
}

static void test_instruction(void **state)
{
	assert_int_equal(choose("AuthenticAMD"), XN_INSN_VMMCALL);
	assert_int_equal(choose("HygonGenuine"), XN_INSN_VMMCALL);
	assert_int_equal(choose("GenuineIntel"), XN_INSN_VMCALL);
	assert_int_equal(choose("CentaurHauls"), XN_INSN_VMCALL);
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(xen), T(behind_hyperv), T(few_leaves), T(no_xen),
		T(instruction),
	};

	return cmocka_run_group_tests_name("boot CPUID", tests, NULL, NULL);
}
