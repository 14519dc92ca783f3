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

# ---- tests of all this, in tests/packages
deb_test_packages := $(deb_packages) lintian mmdebstrap iproute2 bsdextrautils man-db
# Fresh systems that the packages are tried in. Each is kept until `make clean`.
ROOTS ?= bookworm trixie noble

$(BUILD)/roots/noble.tar: $(BUILD)/roots/trixie.tar
$(BUILD)/roots/%.tar: tests/packages/root
	tests/packages/root $* $@

.PHONY: test-program test-deb test-layouts
test-program: $(BUILD)/factorial manual ## test the program factorial
	tests/run 'tests/packages/test_program $(BUILD)'
test-deb: ## test archive and packages in fresh Debian 12, Debian 13, Ubuntu 24.04 (as root; ROOTS=bookworm: that alone)
	$(call install,$(deb_test_packages))
	@$(MAKE) --no-print-directory deb $(ROOTS:%=$(BUILD)/roots/%.tar)
	tests/run 'tests/packages/test_archive $(VERSION) $(DIST) $(BUILD)/deb' \
	    $(ROOTS:%='tests/packages/test_debian $(BUILD)/roots/%.tar $(BUILD)/deb')
test-layouts: ## test make install in other layouts than Debian's, and the RPM packages
	$(call install,$(test_packages) go-md2man rpm cpio)
	@$(MAKE) --no-print-directory build dist
	tests/run 'tests/packages/test_layouts $(VERSION) $(BUILD) $(DIST)'
