#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# edge.sh: the test edge, on the disk of faults.sh.

exec "$(dirname "$0")/faults.sh" edge
