# Renamed: write `include tools/neverstale.mk` in your Makefile, then delete this file. The targets
# freshness-VERB work until version 0.4.
include tools/neverstale.mk

freshness-%: neverstale-%
	@echo 'hint: freshness-$* is called neverstale-$* now' >&2
