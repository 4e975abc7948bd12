#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# starved.sh: the tests starved and threads, on the disk of faults.sh.

exec "$(dirname "$0")/faults.sh" starved threads
