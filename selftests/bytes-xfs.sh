#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bytes-xfs.sh: the bytes test again, on xfs.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
use_xfs
# The kind of socket has nothing to do with the file system.
"$programs/bytes" -v cached_tcp -v direct_tcp -v drop_tcp -v hybrid_tcp
