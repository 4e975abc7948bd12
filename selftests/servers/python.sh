#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# python.sh: Python under the shim: os.sendfile, socket.sendfile and asyncio's, the
# tests of them in CPython's own suite, and http.server.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need python3.11 jq curl
make_site
python=/usr/bin/python3.11

cat >"$tmp/send.py" <<'END'
import asyncio, hashlib, os, socket, sys, threading

how, path = sys.argv[1:]
digest = hashlib.sha256()
listener = socket.create_server(("127.0.0.1", 0))

def receive():
    with socket.create_connection(listener.getsockname()) as sock:
        while data := sock.recv(1 << 20):
            digest.update(data)

def by_os(sock, source):
    offset = 0
    while sent := os.sendfile(sock.fileno(), source.fileno(), offset, 1 << 30):
        offset += sent

async def by_asyncio(sock, source):
    _, writer = await asyncio.open_connection(sock=sock)
    await asyncio.get_running_loop().sendfile(writer.transport, source, fallback=False)
    writer.close()
    await writer.wait_closed()

receiver = threading.Thread(target=receive)
receiver.start()
sock, _ = listener.accept()
with sock, open(path, "rb") as source:
    if how == "os":
        by_os(sock, source)
    elif how == "socket":
        sock.settimeout(60)
        sock.sendfile(source)
    else:
        sock.setblocking(False)
        asyncio.run(by_asyncio(sock, source))
receiver.join()
print(digest.hexdigest(), file=sys.stderr)
END

sends() {
	make_cold
	coldsend run --json --policy direct -- "$python" "$tmp/send.py" "$1" "$site/large" >"$tmp/served" 2>"$tmp/digest" || { cat "$tmp/digest"; return 1; }
	same "SHA-256" "${sums[large]}" "$(<"$tmp/digest")" || return 1
	same "bytes served" "${sizes[large]}" "$(tail -n 5 "$tmp/served" | jq .bytes_served)"
}
for how in os socket asyncio; do
	check "$how sends by the module" sends $how
done

# Prints how many tests ran, and which of them did not pass.
cat >"$tmp/suite.py" <<'END'
import io, sys, unittest

loader = unittest.TestLoader()
loader.testNamePatterns = [sys.argv[2]]
said = io.StringIO()
result = unittest.TextTestRunner(stream=said).run(loader.loadTestsFromName(sys.argv[1]))
print("ran", result.testsRun)
for kind in "failures", "errors", "skipped":
    for test, _ in getattr(result, kind):
        print(kind, test)
print(said.getvalue(), file=sys.stderr)
END

# suite NAME PATTERN: as without the shim, and some of it by the module.
suite() {
	"$python" "$tmp/suite.py" "$1" "$2" >"$tmp/plain" 2>/dev/null || return 1
	not grep -qx 'ran 0' "$tmp/plain" || return 1
	coldsend run --json --min-size 0 --policy direct -- "$python" "$tmp/suite.py" "$1" "$2" >"$tmp/served" 2>"$tmp/said" || return 1
	diff "$tmp/plain" <(head -n -5 "$tmp/served") || { cat "$tmp/said"; return 1; }
	at_least "bytes served" "$(tail -n 5 "$tmp/served" | jq .bytes_served)" 1
}
cd "$tmp"
check "CPython's own tests are there" "$python" -c 'import test.test_os'
check "CPython's test_os" suite test.test_os '*endfile*'
check "CPython's test_socket" suite test.test_socket '*endfile*'
check "CPython's test_asyncio" suite test.test_asyncio.test_sendfile '*endfile*'

# It reads and writes itself: there is nothing to take over, and nothing to break.
serve http.server "http://127.0.0.1:$port/small" --min-size 0 -- \
	"$python" -m http.server --directory "$site" --bind 127.0.0.1 $port
for name in small odd large; do
	check "http.server: $name" file $name "http://127.0.0.1:$port"
done
stop_server http.server
check "http.server calls no sendfile" same "calls" "0 0" "$(tail -n 5 "$tmp/served" | jq -r '"\(.calls_served) \(.calls_left)"')"
finish
