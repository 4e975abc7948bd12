# SPDX-License-Identifier: GPL-2.0
# where.awk: what each function takes itself, out of a function_graph trace.
#
#	 0)               |  outer() {
#	 0)   0.250 us    |    inner();
#	 0)   1.000 us    |  } /* outer */

function spend(name, time, of_callees) {
	own[name] += time - of_callees
	calls[name]++
	all += time - of_callees
	callees[depth] += time
}

/\|/ {
	split($0, halves, "|")
	time = halves[1]
	sub(/^ *[0-9]+\)/, "", time)
	gsub(/[^0-9.]/, "", time)
	what = halves[2]
	gsub(/^ +| +$/, "", what)
	name = what
	sub(/\(\).*/, "", name)
	sub(/ \[.*/, "", name)
}

/\(\);/ { spend(name, time, 0) }

/\(\) \{/ || /\(\) \[[a-z_]*\] \{/ {
	names[++depth] = name
	callees[depth] = 0
}

/\|  *\}/ && depth {
	depth--
	spend(names[depth + 1], time, callees[depth + 1])
}

END {
	for (name in own)
		if (all)
			printf "%5.1f%% %8d %s\n", 100 * own[name] / all, calls[name], name
}
