# The verbs of tools/freshness as targets, for a Makefile that has others: one line there,
#
#     include tools/freshness.mk
#
# A target that your Makefile has stays yours. `freshness-VERB` is always ours, and `make
# freshness-help` tells which verbs are. GNU make 3.81 or newer, POSIX sh and awk.

FRESHNESS_GOAL := $(.DEFAULT_GOAL)
UV ?= uv
ARGS ?=
FRESHNESS = "$(UV)" run --quiet --script tools/freshness/__main__.py
FRESHNESS_VERBS = install install-editable uninstall fresh doctor build clean dev run run-wheel \
	publish update

# Not to be made by a rule of yours for anything, such as `%: Makefile`.
$(lastword $(MAKEFILE_LIST)): ;

# The targets of what was read before this.
FRESHNESS_READ := $(filter-out $(lastword $(MAKEFILE_LIST)),$(MAKEFILE_LIST))
FRESHNESS_FOUND := $(shell awk -f tools/freshness/targets.awk $(FRESHNESS_READ))
$(eval FRESHNESS_THEIRS := $(FRESHNESS_FOUND))
FRESHNESS_OURS := $(filter-out $(FRESHNESS_THEIRS),$(FRESHNESS_VERBS))

.PHONY: $(FRESHNESS_OURS) $(addprefix freshness-,$(FRESHNESS_VERBS) help need-uv)

$(FRESHNESS_OURS): freshness-need-uv
	$(FRESHNESS) $@ $(ARGS)

$(addprefix freshness-,$(FRESHNESS_VERBS)): freshness-need-uv
	$(FRESHNESS) $(@:freshness-%=%) $(ARGS)

ifeq ($(filter help,$(FRESHNESS_THEIRS)),)
.PHONY: help
help: freshness-help
endif

freshness-help:
	@echo '  install           clean, force a fresh build, install it, verify'
	@echo '  install-editable  install a pointer to the sources'
	@echo '  uninstall         remove what is installed'
	@echo '  fresh             install, but only if what is installed is stale'
	@echo '  doctor            say of every copy whether it is stale, why, and what mends it'
	@echo '  build             build into dist/, forced'
	@echo '  clean             remove what builds left behind, and list it'
	@echo '  dev               create or update the environment'
	@echo '  run               run from the sources: make run ARGS="COMMAND --help"'
	@echo '  run-wheel         run the built wheel in a throwaway environment'
	@echo '  publish           rehearse the upload of dist/; ARGS=--upload does it'
	@echo '  update            take tools/freshness to its newest version'
	@for verb in $(filter $(FRESHNESS_THEIRS),$(FRESHNESS_VERBS)); do \
	echo "  $$verb is your own target; ours is freshness-$$verb"; done

freshness-need-uv:
	@'$(UV)' --version >/dev/null 2>&1 || { echo 'error: uv is not installed' >&2; \
	echo 'hint: see https://docs.astral.sh/uv/getting-started/installation/' >&2; exit 2; }

# What `make` alone makes stays what it was before this was read.
.DEFAULT_GOAL := $(FRESHNESS_GOAL)
