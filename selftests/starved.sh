#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# starved.sh: the tests workers, starved and threads, on the disk of faults.sh.

exec "$(dirname "$0")/faults.sh" workers starved threads
