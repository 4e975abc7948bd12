# SPDX-License-Identifier: GPL-2.0
# Makefile: builds, installs and checks coldsend. All output is below build/.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
# Other makefiles, in other directories, have it too.
override DESTDIR := $(abspath $(DESTDIR))
KERNELS ?= 6.1 6.12
T ?=
K ?= um
S ?=
W ?=
R ?=
vm := selftests/vm
# Where nobody said which tree and there is none, one of the test machine's will do.
default_kdir := $(if $(filter file,$(origin KDIR)),default)
servers := $(patsubst selftests/%,%,$(filter-out %/lib.sh %/bench-nginx.sh,$(wildcard selftests/servers/*.sh)))
# Where threads meet, and what uses memory again or gives it back; the rest finds no more there than elsewhere.
smp := drop-mounts holders fuzz/fuzz.sh streams file-changes residency recycle async async-end async-pass async-crowd \
	hybrid drop drop-held drop-cpus park ahead pinned limits threads faults.sh starved.sh pressure.sh disk-errors.sh netlink rules.sh events.sh views.sh \
	library random stuck stalled lock-held alloc-fail alloc-fail-insmod.sh soak.sh rmmod.sh
export PREFIX DESTDIR

all: user module

help:
	@sed -n 's/^\([a-z][a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16
	@echo 'Variables: KDIR=kernel build tree, PREFIX=$(PREFIX), DESTDIR=, KERNELS="$(KERNELS)", T="test names"'

all:		## the command line tool and the module for KDIR (the running kernel)
user:		## the command line tool, the library, the shim
module:		## the module: build/RELEASE/coldsend.ko
selftests:	## the test programs
install:	## tool, library, shim, man pages, completion, headers, module; DESTDIR and PREFIX work
uninstall:	## the reverse of install
clean:		## remove build/ (the kernels in the cache stay)
setup:		## install what is missing, fetch kernels; both only once
demo:		## a first look: two transfers in a virtual machine, two minutes
check:		## all tests on all kernels; KERNELS=6.12 T=name for less
check-um:	## all tests in User-Mode Linux
check-smp:	## tests of concurrency and memory on four processors with KASAN and lockdep (smp-debug)
check-debug:	## all tests on a kernel that watches memory, locks and leaks (um-debug), ten minutes of fuzz
fuzz:		## random programs against the module (um-debug); T=seconds, SEED=n, REPLAY=file
soak:		## mixed transfers, rmmod and insmod, for an hour; T=seconds, KERNELS=6.12
check-many:	## 10,000 transfers at once to slow receivers: bytes, memory, threads
check-servers:	## nginx, lighttpd, Apache, vsftpd, caddy, Python, Java under coldsend run
bench-replay:	## hot files and scans of large ones in too little memory: hits, what the disk reads
bench-nginx:	## nginx with coldsend, with sendfile and with directio: hot files beside cold ones; DISK=apart
coverage:	## which lines of the module the tests run (um, um-debug); T=name for less
bench:		## coldsend against its rivals at native speed: tables, plots; S=cold,hot W=direct R=3 K=6.12 DISK=apart
check-cost:	## count coldsend's instructions: more than recorded fails
style:		## checkpatch, sparse, W=1 and shellcheck: clean means silent
gen:		## regenerate the netlink code from include/netlink/coldsend.yaml
check-gen:	## fail when the netlink code differs from what gen makes

user:
	+@$(MAKE) --no-print-directory -C user

selftests: user
	+@$(MAKE) --no-print-directory -C selftests

module:
	+@kdir=$$($(vm)/kdir.sh '$(KDIR)' $(default_kdir)) && \
	$(vm)/build-module.sh "$$kdir"

# module-6.1, module-6.12, module-um, module-um-7.3 and so on: for a kernel of the test machine, see kernels.sh.
module-%:
	+@kdir=$$($(vm)/kernels.sh '$*')/kdir && $(vm)/build-module.sh "$$kdir"

# module-poison-6.1 and so on: a test build for the same kernel, see stale.sh.
module-poison-%:
	+@kernel=$$($(vm)/kernels.sh '$*') && $(vm)/build-module.sh "$$kernel/kdir" \
		"$(CURDIR)/build/$$(cat "$$kernel/release")-poison" CS_POISON=1

install: all
	+@$(MAKE) --no-print-directory -C user install DESTDIR='$(DESTDIR)'
	@kdir=$$($(vm)/kdir.sh '$(KDIR)' $(if $(DESTDIR),$(default_kdir))) && \
	$(vm)/install-module.sh add "$$kdir"

uninstall:
	+@$(MAKE) --no-print-directory -C user uninstall DESTDIR='$(DESTDIR)'
	@kdir=$$($(vm)/kdir.sh '$(KDIR)' $(if $(DESTDIR),$(default_kdir)) $(if $(default_kdir),2>/dev/null) || \
		$(if $(default_kdir),uname -r,false)) && $(vm)/install-module.sh remove "$$kdir"

clean:
	rm -rf build

setup:
	@$(vm)/setup.sh base test $(if $(filter um%,$(KERNELS)),um) $(if $(filter smp-%,$(KERNELS)),smp)
	@for kernel in $(KERNELS) source; do $(vm)/kernels.sh $$kernel >/dev/null || exit 1; done

demo:
	@$(vm)/setup.sh base
	@echo '== building the tool and the module for the test machine'
	+@$(MAKE) -s --no-print-directory user module-6.12
	@echo '== booting the test machine; make demo takes about two minutes'
	@$(vm)/run.sh -k 6.12 -m 1G -d 1G -t 300 -- selftests/demo.sh

check: setup
	+@$(MAKE) -s --no-print-directory selftests $(KERNELS:%=module-%) $(KERNELS:%=module-poison-%)
	@$(vm)/check.sh '$(KERNELS)' $(T)

check-um:
	+@$(MAKE) --no-print-directory check KERNELS=um

# Room for the list and ten minutes of random programs; a list of a few tests ends sooner.
# Watched, some tests take three times as long, and on a slow host again.
check-debug:
	+@COLDSEND_FUZZ_SECONDS=$${COLDSEND_FUZZ_SECONDS:-600} COLDSEND_TIMEOUT=$${COLDSEND_TIMEOUT:-600} \
	COLDSEND_DEADLINE=$${COLDSEND_DEADLINE:-6000} \
	$(MAKE) --no-print-directory check KERNELS=um-debug

# Emulated and watched, each test takes many times as long: many and alloc-fail-send would take most of an hour.
check-smp:
	+@COLDSEND_TIMEOUT=$${COLDSEND_TIMEOUT:-900} COLDSEND_DEADLINE=$${COLDSEND_DEADLINE:-4000} \
	$(MAKE) --no-print-directory check KERNELS=smp-debug T='$(or $(T),$(smp))'

check-servers: setup
	@$(vm)/setup.sh servers
	+@$(MAKE) -s --no-print-directory selftests $(KERNELS:%=module-%)
	+@$(MAKE) -s --no-print-directory -C selftests servers
	@COLDSEND_TIMEOUT=900 COLDSEND_DEADLINE=6000 $(vm)/check.sh '$(KERNELS)' $(or $(T),$(servers))

bench-replay:
	+@$(MAKE) -s --no-print-directory setup KERNELS=um
	@$(vm)/setup.sh bench
	+@$(MAKE) -s --no-print-directory selftests module-um
	@$(vm)/run.sh -k um -m 400M -d 8G -t 3600 -- selftests/bench/replay/run.sh
	@selftests/bench/replay/report.sh build/results/replay.tsv build/bench

bench-nginx:
	+@$(MAKE) -s --no-print-directory setup KERNELS=um
	@$(vm)/setup.sh servers
	+@$(MAKE) -s --no-print-directory selftests module-um
	+@$(MAKE) -s --no-print-directory -C selftests servers
	@COLDSEND_DISK='$(DISK)' $(vm)/run.sh -k um -m 2G -d 3G -t 3000 -- selftests/servers/bench-nginx.sh

coverage:
	+@$(MAKE) -s --no-print-directory setup KERNELS='um um-debug'
	+@$(MAKE) -s --no-print-directory selftests
	@$(vm)/coverage.sh $(T)

fuzz:
	+@$(MAKE) -s --no-print-directory setup KERNELS=um-debug
	+@$(MAKE) -s --no-print-directory selftests module-um-debug
	@COLDSEND_FUZZ_SECONDS=$(or $(T),600) COLDSEND_FUZZ_SEED=$(or $(SEED),1) \
	COLDSEND_FUZZ_REPLAY='$(abspath $(REPLAY))' \
	$(vm)/run.sh -k um-debug -m 2G -t $$(($(or $(T),600) + 300)) -- selftests/fuzz/fuzz.sh

check-many:
	+@$(MAKE) -s --no-print-directory setup KERNELS=um
	+@$(MAKE) -s --no-print-directory selftests module-um
	@$(vm)/run.sh -k um -m 8G -t 2400 -- selftests/many.sh

soak: setup
	+@$(MAKE) -s --no-print-directory selftests $(firstword $(KERNELS:%=module-%))
	@COLDSEND_SOAK_SECONDS=$(or $(T),3600) \
	$(vm)/run.sh -k $(firstword $(KERNELS)) -m 1G -t $$(($(or $(T),3600) + 300)) -- selftests/soak.sh

bench:
	+@$(MAKE) -s --no-print-directory setup KERNELS='$(K)'
	@$(vm)/setup.sh bench
	+@$(MAKE) -s --no-print-directory selftests module-$(K) W=
	@COLDSEND_DISK='$(DISK)' selftests/bench/bench.sh '$(K)' $(if $(R),-r $(R)) $(if $(S),-n '$(S)') $(if $(W),-w '$(W)')

check-cost:
	+@$(MAKE) -s --no-print-directory setup KERNELS=6.12
	+@$(MAKE) -s --no-print-directory selftests module-6.12
	@selftests/bench/check-cost.sh

style:
	@$(vm)/setup.sh base style
	+@$(vm)/style.sh '$(KERNELS)'

gen:
	@$(vm)/setup.sh gen
	@$(vm)/gen.sh

check-gen:
	@$(vm)/setup.sh gen
	@$(vm)/gen.sh --check

.PHONY: fuzz soak check-many all help user module selftests install uninstall clean setup demo check check-um check-debug check-smp check-cost coverage \
	check-servers bench bench-replay bench-nginx style gen check-gen
