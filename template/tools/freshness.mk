# The verbs of tools/freshness as targets, for a Makefile that has others: one line at its end,
#
#     include tools/freshness.mk
#
# A target that your Makefile has stays yours, one that a pattern of yours makes too.
# `freshness-VERB` is always ours, and `make freshness-help` tells whose is whose. Targets that
# $(eval) makes are not seen: name the verbs that you want in FRESHNESS_VERBS before this.
# GNU make 3.81 or newer, POSIX sh and awk.

ifndef FRESHNESS_INCLUDED
FRESHNESS_INCLUDED := 1
FRESHNESS_GOAL := $(.DEFAULT_GOAL)
FRESHNESS_UV ?= uv
FRESHNESS_VERBS ?= install install-editable uninstall fresh doctor build clean dev run run-wheel \
    publish update
# ARGS as whoever runs make gives it; in your Makefile it may mean something else.
FRESHNESS_ARGS = $(if $(filter command environment,$(firstword $(origin ARGS))),$(ARGS))
FRESHNESS = "$(FRESHNESS_UV)" run --quiet --script tools/freshness/__main__.py

# Not to be made by a rule of yours for anything, such as `%: Makefile`.
$(lastword $(MAKEFILE_LIST)): ;

# The targets of what was read before this, asked of a plain shell, whichever yours is.
FRESHNESS_READ := $(filter-out $(lastword $(MAKEFILE_LIST)),$(MAKEFILE_LIST))
FRESHNESS_SHELL := $(SHELL)
FRESHNESS_SHELLFLAGS := $(.SHELLFLAGS)
SHELL := /bin/sh
.SHELLFLAGS := -c
FRESHNESS_FOUND := $(shell awk -f tools/freshness/targets.awk $(FRESHNESS_READ))
SHELL := $(FRESHNESS_SHELL)
.SHELLFLAGS := $(FRESHNESS_SHELLFLAGS)
$(eval FRESHNESS_THEIRS := $(FRESHNESS_FOUND))
FRESHNESS_OURS := $(filter-out $(FRESHNESS_THEIRS),$(FRESHNESS_VERBS))
FRESHNESS_ALWAYS := $(addprefix freshness-,$(FRESHNESS_VERBS))

# Recipes behind a semicolon: yours may start with another sign than a tab (.RECIPEPREFIX).
.PHONY: $(FRESHNESS_OURS) $(FRESHNESS_ALWAYS) freshness-help freshness-need-uv
$(FRESHNESS_OURS) $(FRESHNESS_ALWAYS) freshness-help freshness-need-uv: SHELL := /bin/sh
$(FRESHNESS_OURS) $(FRESHNESS_ALWAYS) freshness-help freshness-need-uv: .SHELLFLAGS := -c
$(FRESHNESS_OURS): freshness-need-uv ; $(FRESHNESS) $@ $(FRESHNESS_ARGS)
$(FRESHNESS_ALWAYS): freshness-need-uv ; $(FRESHNESS) $(@:freshness-%=%) $(FRESHNESS_ARGS)

ifeq ($(filter-out $(FRESHNESS_THEIRS),help),help)
.PHONY: help
help: freshness-help ;
endif

freshness-help: ; @cat tools/freshness/verbs.txt; for verb in $(filter $(FRESHNESS_THEIRS),$(FRESHNESS_VERBS)); do echo "  $$verb is your own target; ours is freshness-$$verb"; done

freshness-need-uv: ; @'$(FRESHNESS_UV)' --version >/dev/null 2>&1 || { echo 'error: uv is not installed' >&2; echo 'hint: see https://docs.astral.sh/uv/getting-started/installation/' >&2; exit 2; }

# What `make` alone makes stays what it was before this was read.
.DEFAULT_GOAL := $(FRESHNESS_GOAL)
endif
