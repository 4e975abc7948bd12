/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's test harness, but that tests have more time on a slow machine.
 */
#ifndef CS_KSELFTEST_HARNESS_H
#define CS_KSELFTEST_HARNESS_H

#include <unistd.h>

#include "cs_test.h"

static inline unsigned int cs_alarm(unsigned int seconds)
{
	return alarm(cs_patient(seconds));
}

#define alarm(seconds)		cs_alarm(seconds)
#include <kselftest_harness.h>
#undef alarm

#endif /* CS_KSELFTEST_HARNESS_H */
