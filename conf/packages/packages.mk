# Installing, and everything that others install from: source archive, packages, manual pages.

.PHONY: install uninstall
install: build ## put the module where the httpd of APXS reads it (DESTDIR, LAYOUT)
	@APXS='$(APXS)' DESTDIR='$(DESTDIR)' LAYOUT='$(LAYOUT)' conf/packages/install install $(BUILD)/mod_factorial.so
uninstall: ## remove what install has put there, except a configuration that was changed
	@APXS='$(APXS)' DESTDIR='$(DESTDIR)' LAYOUT='$(LAYOUT)' conf/packages/install uninstall $(BUILD)/mod_factorial.so

.PHONY: manual
manual: $(BUILD)/manual/mod_factorial.8 $(BUILD)/manual/factorial.1 ## make the manual pages of the documents
$(BUILD)/manual/%: conf/packages/manual docs/mod_factorial.md docs/factorial.md
	@mkdir -p $(@D)
	$(call say,write $@)conf/packages/manual $* $(VERSION) >$@

# ---- packages, in build/dist and build/deb
DIST := $(BUILD)/dist
deb_packages := dpkg-dev debhelper bash-completion go-md2man fakeroot $(test_packages)

.PHONY: dist deb
dist: ## write the source archive and its checksum (SIGNING_KEY=key of gpg's: and its signature)
	conf/packages/dist $(VERSION) $(DIST)
deb: dist ## build the Debian packages: the module, and the program factorial
	$(call install,$(deb_packages))
	conf/packages/deb $(VERSION) $(DIST)/mod_factorial-$(VERSION).tar.gz $(BUILD)/deb

.PHONY: deb-sbom release-attach
deb-sbom: $(DELIVERY)/bin/syft ## write the bill of materials of the Debian packages (CycloneDX)
	SYFT_CHECK_FOR_APP_UPDATE=false $< scan --quiet dir:$(BUILD)/deb --source-name mod_factorial \
	    --source-version $(VERSION) \
	    --output cyclonedx-json=$(BUILD)/deb/mod_factorial_$(VERSION)_$$(dpkg --print-architecture).cdx.json
release-attach: ## make the release on GitHub of what its workflow has built, in build/packages
	$(call install,gh git)
	conf/packages/attach $(VERSION) $(BUILD)/packages

# ---- tests of all this, in tests/packages
deb_test_packages := $(deb_packages) gpg gpg-agent gpgconf lintian mmdebstrap iproute2
# Fresh systems, kept until `make clean`: those that the packages are tried in, and those that have what
# README asks for.
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
test-deb: ## test archive and packages in fresh Debian 12, Debian 13, Ubuntu 24.04 (as root; ROOTS=bookworm: that alone)
	$(call install,$(deb_test_packages))
	@$(MAKE) --no-print-directory deb $(ROOTS:%=$(BUILD)/roots/%.tar)
	tests/run 'tests/packages/test_archive $(VERSION) $(DIST) $(BUILD)/deb' tests/packages/test_attach \
	    $(ROOTS:%='tests/packages/test_debian $(BUILD)/roots/%.tar $(BUILD)/deb')
test-systems: ## run README's two commands in fresh systems, by three kinds of users (as root; ROOTS, USERS=sudoer; hours)
	$(call install,git mmdebstrap)
	@$(MAKE) --no-print-directory $(ROOTS:%=$(BUILD)/systems/%.tar)
	tests/run $(ROOTS:%='tests/packages/test_systems $(BUILD)/systems/%.tar')
test-layouts: ## test make install in other layouts than Debian's, and the RPM packages
	$(call install,$(test_packages) go-md2man rpm cpio)
	@$(MAKE) --no-print-directory build dist
	tests/run 'tests/packages/test_layouts $(VERSION) $(BUILD) $(DIST)'

# Source archives of httpd, and those of APR and APR-util that it is built with.
HTTPD_ARCHIVES ?=
APR_ARCHIVES   ?=
httpd_packages := $(test_packages) autoconf automake libtool libpcre2-dev libpcre3-dev libexpat1-dev \
                  libssl-dev zlib1g-dev libbrotli-dev libxml2-dev
missing_archives = $(filter-out $(wildcard $(APR_ARCHIVES) $(HTTPD_ARCHIVES)),$(APR_ARCHIVES) $(HTTPD_ARCHIVES))
test-httpds: ## build httpd from archives and run the HTTP tests in it (HTTPD_ARCHIVES, APR_ARCHIVES)
	$(if $(and $(HTTPD_ARCHIVES),$(word 2,$(APR_ARCHIVES))),,$(error there are no archives: name them by \
	    HTTPD_ARCHIVES='httpd-2.4.49.tar.gz ...' APR_ARCHIVES='apr-1.7.2.tar.gz apr-util-1.6.3.tar.gz'))
	$(if $(missing_archives),$(error there is no $(missing_archives)))
	$(call install,$(httpd_packages))
	@mkdir -p $(BUILD)/httpds
	tests/packages/test_httpds $(BUILD) $(APR_ARCHIVES) $(HTTPD_ARCHIVES)

MUSL := $(abspath $(BUILD))/musl
$(MUSL)/bin/apu-1-config: tests/packages/build_musl
	tests/packages/build_musl $(MUSL)
test-musl: ## compile and link all with musl instead of glibc, and run the unit tests
	$(call install,$(test_packages) musl-tools dpkg-dev libexpat1-dev)
	@$(MAKE) --no-print-directory $(MUSL)/bin/apu-1-config
	@# Only headers of the kernel are not in musl.
	@PKG_CONFIG_LIBDIR=$(MUSL)/lib/pkgconfig $(MAKE) --no-print-directory $(parallel) BUILD=$(MUSL)/build CC=musl-gcc \
	    CFLAGS='-O2 -g -isystem $(MUSL)/include -idirafter /usr/include -idirafter /usr/include/$(shell $(CC) -dumpmachine)' \
	    LDFLAGS=-L$(MUSL)/lib APR_CONFIG=$(MUSL)/bin/apr-1-config \
	    APR_LIBS='-L$(MUSL)/lib -laprutil-1 -lapr-1' build $(MUSL)/build/factorial test-unit
