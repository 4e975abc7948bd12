# SPDX-License-Identifier: GPL-2.0
# Makefile: builds, installs and checks coldsend. All output is below build/.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
KERNELS ?= 6.1 6.12
T ?=
vm := selftests/vm
export PREFIX DESTDIR

all: user module

help:
	@sed -n 's/^\([a-z][a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 14
	@echo 'Variables: KDIR=kernel build tree, PREFIX=$(PREFIX), DESTDIR=, KERNELS="$(KERNELS)", T="test names"'

all:		## the command line tool and the module for KDIR (the running kernel)
user:		## the command line tool
module:		## the module: build/RELEASE/coldsend.ko
selftests:	## the test programs
install:	## tool, man page, completion, headers, module; DESTDIR and PREFIX work
uninstall:	## the reverse of install
clean:		## remove build/ (the kernels in the cache stay)
setup:		## install what is missing, fetch kernels; both only once
demo:		## a first look: two transfers in a virtual machine, three minutes
check:		## all tests on both kernels; KERNELS=6.12 T=name for less
bench:		## coldsend against its rivals, in a virtual machine
style:		## checkpatch, sparse, W=1 and shellcheck: clean means silent
gen:		## regenerate the netlink code from include/netlink/coldsend.yaml
check-gen:	## fail when the netlink code differs from what gen makes

user:
	+@$(MAKE) --no-print-directory -C user

selftests: user
	+@$(MAKE) --no-print-directory -C selftests

module:
	+@kdir=$$($(vm)/kdir.sh '$(KDIR)' $(if $(filter file,$(origin KDIR)),default)) && \
	$(vm)/build-module.sh "$$kdir"

# module-6.1, module-6.12, module-RELEASE: for a kernel of the test machine.
module-%:
	+@kdir=$$($(vm)/kernels.sh '$*')/kdir && $(vm)/build-module.sh "$$kdir"

install: all
	+@$(MAKE) --no-print-directory -C user install
	install -d $(DESTDIR)$(PREFIX)/include/linux
	install -m 644 include/uapi/linux/coldsend.h include/uapi/linux/coldsend_netlink.h \
		$(DESTDIR)$(PREFIX)/include/linux
	@$(vm)/install-module.sh add "$$($(vm)/kdir.sh '$(KDIR)' $(if $(filter file,$(origin KDIR)),default))"

uninstall:
	+@$(MAKE) --no-print-directory -C user uninstall
	rm -f $(DESTDIR)$(PREFIX)/include/linux/coldsend.h \
		$(DESTDIR)$(PREFIX)/include/linux/coldsend_netlink.h
	@$(vm)/install-module.sh remove "$$($(vm)/kdir.sh '$(KDIR)' $(if $(filter file,$(origin KDIR)),default))"

clean:
	rm -rf build

setup:
	@$(vm)/setup.sh base test
	@for kernel in $(KERNELS) source; do $(vm)/kernels.sh $$kernel >/dev/null || exit 1; done

demo:
	@$(vm)/setup.sh base
	@echo '== building the tool and the module for the test machine'
	+@$(MAKE) -s --no-print-directory user module-6.12
	@echo '== booting the test machine; make demo takes about two minutes'
	@$(vm)/run.sh -k 6.12 -m 1G -d 1G -t 300 -- selftests/demo.sh

check: setup
	+@$(MAKE) -s --no-print-directory selftests $(KERNELS:%=module-%)
	@$(vm)/check.sh '$(KERNELS)' $(T)

bench: setup
	+@$(MAKE) -s --no-print-directory selftests module-6.12
	@$(vm)/run.sh -k 6.12 -m 1G -d 2G -t 1800 -- selftests/bench/run.sh

style:
	@$(vm)/setup.sh base style
	+@$(vm)/style.sh '$(KERNELS)'

gen:
	@$(vm)/setup.sh gen
	@$(vm)/gen.sh

check-gen:
	@$(vm)/setup.sh gen
	@$(vm)/gen.sh --check

.PHONY: all help user module selftests install uninstall clean setup demo check bench \
	style gen check-gen
