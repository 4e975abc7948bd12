#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# residue-xfs.sh: the residue test again, on xfs: from Linux 6.6 on its pages
# come in large folios.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
use_xfs
"$programs/residue"
