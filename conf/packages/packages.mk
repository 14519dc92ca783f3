# Installation, source archive, packages and manual pages; docs/install.md.

.PHONY: install uninstall
install: build ## install the module and its configuration in the httpd of APXS (APXS, DESTDIR, LAYOUT)
	@APXS='$(APXS)' DESTDIR='$(DESTDIR)' LAYOUT='$(LAYOUT)' conf/packages/install install $(BUILD)/mod_factorial.so
uninstall: ## remove the installed files, except a configuration that you have changed
	@APXS='$(APXS)' DESTDIR='$(DESTDIR)' LAYOUT='$(LAYOUT)' conf/packages/install uninstall $(BUILD)/mod_factorial.so

.PHONY: manual
manual: $(BUILD)/manual/mod_factorial.8 $(BUILD)/manual/factorial.1 ## make the manual pages from the documents
$(BUILD)/manual/%: conf/packages/manual docs/mod_factorial.md docs/factorial.md
	@mkdir -p $(@D)
	$(call say,write $@)conf/packages/manual $* $(VERSION) >$@

# ---- packages, in build/dist and build/deb
DIST := $(BUILD)/dist
deb_packages := dpkg-dev debhelper bash-completion go-md2man fakeroot $(test_packages)

.PHONY: dist deb
dist: ## write the source archive and its checksum (SIGNING_KEY=name of a GPG key: and its signature)
	conf/packages/dist $(VERSION) $(DIST)
deb: dist ## build the Debian packages of the module and of the program factorial
	$(call install,$(deb_packages))
	conf/packages/deb $(VERSION) $(DIST)/mod_factorial-$(VERSION).tar.gz $(BUILD)/deb

.PHONY: deb-sbom release-attach
deb-sbom: $(DELIVERY)/bin/syft ## write the bill of materials of the Debian packages (CycloneDX)
	SYFT_CHECK_FOR_APP_UPDATE=false $< scan --quiet dir:$(BUILD)/deb --source-name mod_factorial \
	    --source-version $(VERSION) \
	    --output cyclonedx-json=$(BUILD)/deb/mod_factorial_$(VERSION)_$$(dpkg --print-architecture).cdx.json
release-attach: ## create the release on GitHub and attach the files in build/packages
	$(call install,gh git)
	conf/packages/attach $(VERSION) $(BUILD)/packages

# ---- tests
deb_test_packages := $(deb_packages) gpg gpg-agent gpgconf lintian mmdebstrap iproute2
# Fresh systems, which stay until `make clean`: roots/ for the tests of the packages, systems/ with the
# programs that README requires.
ROOTS ?= bookworm trixie noble

$(BUILD)/roots/%.tar: tests/packages/root
	tests/packages/root $* $@ apache2 bash-completion curl libgmp10
$(BUILD)/systems/%.tar: tests/packages/root
	tests/packages/root $* $@ ca-certificates git make passwd sudo

.PHONY: test-program test-deb test-systems test-layouts test-httpds test-musl
test-program: ## test the program factorial
	$(call install,$(build_packages) bash-completion bsdutils go-md2man man-db)
	@$(MAKE) --no-print-directory $(BUILD)/factorial manual
	tests/run 'tests/packages/test_program $(BUILD)'
test-deb: ## test the archive and the packages in fresh systems (as root; ROOTS='bookworm trixie noble')
	$(call install,$(deb_test_packages))
	@$(MAKE) --no-print-directory deb $(ROOTS:%=$(BUILD)/roots/%.tar)
	tests/run 'tests/packages/test_archive $(VERSION) $(DIST) $(BUILD)/deb' tests/packages/test_attach \
	    $(ROOTS:%='tests/packages/test_debian $(BUILD)/roots/%.tar $(BUILD)/deb')
test-systems: ## run make run and make test in fresh systems, by three kinds of users (as root; ROOTS, USERS; hours)
	$(call install,git mmdebstrap)
	@$(MAKE) --no-print-directory $(ROOTS:%=$(BUILD)/systems/%.tar)
	tests/run $(ROOTS:%='tests/packages/test_systems $(BUILD)/systems/%.tar')
test-layouts: ## test make install in the layouts of other systems, and the RPM packages
	$(call install,$(test_packages) go-md2man rpm cpio)
	@$(MAKE) --no-print-directory build dist
	tests/run 'tests/packages/test_layouts $(VERSION) $(BUILD) $(DIST)'

# Source archives of httpd, and of APR and APR-util.
HTTPD_ARCHIVES ?=
APR_ARCHIVES   ?=
httpd_packages := $(test_packages) autoconf automake libtool libpcre2-dev libpcre3-dev libexpat1-dev \
                  libssl-dev zlib1g-dev libbrotli-dev libxml2-dev
missing_archives = $(filter-out $(wildcard $(APR_ARCHIVES) $(HTTPD_ARCHIVES)),$(APR_ARCHIVES) $(HTTPD_ARCHIVES))
test-httpds: ## build httpd from source archives and run the HTTP tests in it (HTTPD_ARCHIVES, APR_ARCHIVES)
	$(if $(and $(HTTPD_ARCHIVES),$(word 2,$(APR_ARCHIVES))),,$(error there are no archives: name them by \
	    HTTPD_ARCHIVES='httpd-2.4.49.tar.gz ...' APR_ARCHIVES='apr-1.7.2.tar.gz apr-util-1.6.3.tar.gz'))
	$(if $(missing_archives),$(error there is no $(missing_archives)))
	$(call install,$(httpd_packages))
	@mkdir -p $(BUILD)/httpds
	tests/packages/test_httpds $(BUILD) $(APR_ARCHIVES) $(HTTPD_ARCHIVES)

MUSL := $(abspath $(BUILD))/musl
$(MUSL)/bin/apu-1-config: tests/packages/build_musl
	tests/packages/build_musl $(MUSL)
test-musl: ## build with musl instead of glibc, and run the unit tests
	$(call install,$(test_packages) musl-tools dpkg-dev libexpat1-dev)
	@$(MAKE) --no-print-directory $(MUSL)/bin/apu-1-config
	@# musl has no headers of the Linux kernel; those of the system are used. The tests of bounds do not
	@# depend on the C library.
	@PKG_CONFIG_LIBDIR=$(MUSL)/lib/pkgconfig $(MAKE) --no-print-directory $(parallel) BUILD=$(MUSL)/build CC=musl-gcc \
	    CFLAGS='-O2 -g -isystem $(MUSL)/include -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -dumpmachine)' \
	    LDFLAGS=-L$(MUSL)/lib APR_CONFIG=$(MUSL)/bin/apr-1-config \
	    APR_LIBS='-L$(MUSL)/lib -laprutil-1 -lapr-1' \
	    unit_suites='$(filter-out tests/unit/engine/test_bounds_%,$(unit_suites))' build $(MUSL)/build/factorial test-unit
