#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# library.sh: libcoldsend as installed: files, symbols, pkg-config, C++; and the
# example, which sends a file to many receivers at once.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need make gcc pkg-config nm

root=$tmp/root prefix=/opt/coldsend
size=3000001
file=$tmp/file
receivers=20
mapfile -t functions < <(sed -n 's/^\t\(coldsend_[a-z_]*\);$/\1/p' "$top/user/lib/libcoldsend.map")

user_make() {
	make -s -C "$top/user" "BUILD=$top/build/user" "DESTDIR=$root" "PREFIX=$prefix" "$@"
}

# The compiler's words for a program of the installed library.
flags() {
	PKG_CONFIG_PATH=$root$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
		pkg-config --cflags --libs libcoldsend
}

compiles() {
	# shellcheck disable=SC2046 # a list of words
	gcc -Wall -Werror -o "$tmp/serve" "$top/user/lib/examples/serve.c" $(flags)
}

# Nothing but what the version script names, all of one version.
symbols() {
	local names
	names=$(nm -D --defined-only "$root$prefix/lib/libcoldsend.so" | awk '$3 != "COLDSEND_1" { print $3 }' | sort)
	same "symbols of another version" "" "$(grep -v '@@COLDSEND_1$' <<<"$names")" || return 1
	same "symbols" "$(printf '%s\n' "${functions[@]}" | sort)" \
		"${names//@@COLDSEND_1/}"
}

c_plus_plus() {
	gcc -x c++ -fsyntax-only -Wall -Werror "-I$root$prefix/include" - <<-'END'
		#include <coldsend.h>
		int main(int argc, char **)
		{
			long first = argc;
			struct coldsend_send s = COLDSEND_REQUEST(0, 1, first, argc);

			coldsend_send(coldsend_open(), &s);
		}
	END
}

static_library() {
	gcc "-I$root$prefix/include" -o "$tmp/static" \
		"$top/user/lib/examples/serve.c" "$root$prefix/lib/libcoldsend.a" || return 1
	not grep -q libcoldsend.so <(ldd "$tmp/static")
}

manuals() {
	local name
	for name in "${functions[@]}"; do
		[ -s "$root$prefix/share/man/man3/$name.3" ] || { echo "no page of $name"; return 1; }
		grep -q "^\.BR $name ()" "$top/user/man/libcoldsend.3" || { echo "$name is not described"; return 1; }
	done
}

nothing_left() {
	user_make uninstall && same "files left" "" "$(find "$root" ! -type d)"
}

check "install" user_make install
check "symbols" symbols
check "a program builds by pkg-config" compiles
check "a static one" static_library
check "C++" c_plus_plus
check "manual pages" manuals

listens() { wait_for 10 grep -q 'listening on port' "$tmp/said"; }

# All at once; a quarter of them takes nothing until all others have everything.
receive_all() {
	local i quick=() slow=() port
	port=$(sed -n 's/^listening on port //p' "$tmp/said")
	for ((i = 0; i < receivers; i++)); do
		cat <"/dev/tcp/127.0.0.1/$port" >"$tmp/copy.$i" &
		if [ $((i % 4)) = 0 ]; then
			kill -STOP $!
			slow+=($!)
		else
			quick+=($!)
		fi
	done
	wait "${quick[@]}" || return 1
	kill -CONT "${slow[@]}"
	wait "${slow[@]}" || return 1
	for ((i = 0; i < receivers; i++)); do
		cmp "$file" "$tmp/copy.$i" || return 1
	done
	same "transfers" "$receivers" "$(grep -c "^sent $size bytes, policy $1$" "$tmp/said")"
}

# A client that asks first, as those of HTTP do: nobody reads it, and all arrives.
all_sent() { [ "$(grep -c '^sent' "$tmp/said")" -gt "$receivers" ]; }
asked() {
	local port peer
	port=$(sed -n 's/^listening on port //p' "$tmp/said")
	exec {peer}<>"/dev/tcp/127.0.0.1/$port" || return 1
	printf 'GET / HTTP/1.0\r\n\r\n' >&"$peer"
	# Sent as far as the server knows; the sockets have room for it, or it is on its way.
	wait_for 3 all_sent || note "not all is in the sockets"
	cat <&"$peer" >"$tmp/copy"
	exec {peer}>&-
	cmp "$file" "$tmp/copy"
}

xfer make "$file" $size 12
for policy in direct cached; do
	LD_LIBRARY_PATH=$root$prefix/lib "$tmp/serve" 0 "$file" $policy >"$tmp/said" 2>&1 & server=$!
	check "the example listens" listens
	check "$receivers receivers get the file, policy $policy" receive_all $policy
	check "one that asks gets it, too" asked
	kill "$server"
	wait "$server" 2>/dev/null || true
done
check "uninstall" nothing_left
finish
