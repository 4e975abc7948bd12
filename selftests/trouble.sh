# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # used by those who source this
# trouble.sh: what a kernel says when something is wrong in it, for grep -E.

kernel_trouble='WARNING: |BUG: |BUG at |Oops|Call Trace:|general protection|Kernel panic|refcount_t:'
kernel_trouble+='|blocked for more than|stalls on CPU|detected stall|soft lockup|hard LOCKUP'
kernel_trouble+='|list_(add|del) corruption|bad page state|Out of memory:|coldsend: leak'
# What only debugging kernels say, and User-Mode Linux when it ends.
kernel_trouble+='|KASAN|UBSAN|ODEBUG:|DEBUG_LOCKS_WARN|INFO: trying to register|INFO: lockdep is turned off'
kernel_trouble+='|BUG [^ ]+ \(|kmemleak: [0-9]+ new|Kernel mode (fault|signal)|Segfault with no mm'
