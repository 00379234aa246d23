# The verbs of neverstale as targets, for a Makefile that has others: one line at its end,
#
#     include tools/neverstale.mk
#
# A target of your Makefile stays yours, also one that a pattern makes. `neverstale-VERB` is always
# ours, and `make neverstale-help` lists the verbs. Targets made by $(eval) are not seen: name the
# verbs that you want in NEVERSTALE_VERBS before the include.
# GNU make 3.81 or newer, POSIX sh and awk.

ifndef NEVERSTALE_INCLUDED
NEVERSTALE_INCLUDED := 1
NEVERSTALE_GOAL := $(.DEFAULT_GOAL)
NEVERSTALE_UV ?= uv
NEVERSTALE_VERBS ?= install install-editable uninstall fresh doctor build clean dev run run-wheel \
    publish update
# ARGS as given on the command line; in your Makefile it may mean something else.
NEVERSTALE_ARGS = $(if $(filter command environment,$(firstword $(origin ARGS))),$(ARGS))
NEVERSTALE = "$(NEVERSTALE_UV)" run --quiet --frozen --python ">=3.10" --script tools/neverstale.py

# Not to be made by a catch-all rule of yours, such as `%: Makefile`.
$(lastword $(MAKEFILE_LIST)): ;

# The targets of what was read before this; a plain shell lists them, whichever yours is.
NEVERSTALE_READ := $(filter-out $(lastword $(MAKEFILE_LIST)),$(MAKEFILE_LIST))
NEVERSTALE_SHELL := $(SHELL)
NEVERSTALE_SHELLFLAGS := $(.SHELLFLAGS)
SHELL := /bin/sh
.SHELLFLAGS := -c
NEVERSTALE_FOUND := $(shell awk -f tools/neverstale.awk $(NEVERSTALE_READ))
SHELL := $(NEVERSTALE_SHELL)
.SHELLFLAGS := $(NEVERSTALE_SHELLFLAGS)
$(eval NEVERSTALE_THEIRS := $(NEVERSTALE_FOUND))
NEVERSTALE_OURS := $(filter-out $(NEVERSTALE_THEIRS),$(NEVERSTALE_VERBS))
NEVERSTALE_ALWAYS := $(addprefix neverstale-,$(NEVERSTALE_VERBS))

# Recipes behind a semicolon: yours may start with another sign than a tab (.RECIPEPREFIX).
.PHONY: $(NEVERSTALE_OURS) $(NEVERSTALE_ALWAYS) neverstale-help neverstale-need-uv
$(NEVERSTALE_OURS) $(NEVERSTALE_ALWAYS) neverstale-help neverstale-need-uv: SHELL := /bin/sh
$(NEVERSTALE_OURS) $(NEVERSTALE_ALWAYS) neverstale-help neverstale-need-uv: .SHELLFLAGS := -c
$(NEVERSTALE_OURS): neverstale-need-uv ; @$(NEVERSTALE) $@ $(NEVERSTALE_ARGS)
$(NEVERSTALE_ALWAYS): neverstale-need-uv ; @$(NEVERSTALE) $(@:neverstale-%=%) $(NEVERSTALE_ARGS)

ifeq ($(filter-out $(NEVERSTALE_THEIRS),help),help)
.PHONY: help
help: neverstale-help ;
endif

neverstale-help: neverstale-need-uv ; @$(NEVERSTALE) --help; for verb in $(filter $(NEVERSTALE_THEIRS),$(NEVERSTALE_VERBS)); do echo "$$verb is your own target; ours is neverstale-$$verb"; done

neverstale-need-uv: ; @'$(NEVERSTALE_UV)' --version >/dev/null 2>&1 || { echo 'error: uv is not installed' >&2; echo 'hint: see https://docs.astral.sh/uv/getting-started/installation/' >&2; exit 2; }

# The default goal stays what it was.
.DEFAULT_GOAL := $(NEVERSTALE_GOAL)
endif
