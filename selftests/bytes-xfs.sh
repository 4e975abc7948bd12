#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bytes-xfs.sh: the bytes test again, on xfs.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
use_xfs
"$programs/bytes"
