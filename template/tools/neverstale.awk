# The targets of Makefiles, a rule to a line, for make to expand: what stands before the colon.
# Recipes, assignments, directives, comments and what `define` holds are passed over.

BEGIN {
	for (place = 1; place < ARGC; place++) {
		if ((getline first < ARGV[place]) < 0)
			ARGV[place] = ""
		else
			close(ARGV[place])
	}
	directive = "^ *(-?include|sinclude|vpath|export|unexport|override|private|undefine|define|"
	directive = directive "ifn?eq|ifn?def|else|endif|endef|load|-load)([ (]|$)"
}

in_recipe { in_recipe = /\\$/; next }

/^ *define / { in_definition = 1 }

in_definition { if (/^ *endef/) in_definition = 0; next }

line == "" && (/^\t/ || /^ *#/) { in_recipe = /\\$/; next }

{ line = line $0 }

/\\$/ { sub(/\\$/, " ", line); next }

{
	rule = line
	line = ""
	if (rule !~ directive)
		tell(rule)
}

function tell(rule,    place, depth, letter, rest, names) {
	for (place = 1; place <= length(rule); place++) {
		letter = substr(rule, place, 1)
		if (letter == "(" || letter == "{")
			depth++
		else if (letter == ")" || letter == "}")
			depth--
		else if (depth == 0 && (letter == "=" || letter == "#"))
			return
		else if (depth == 0 && letter == ":")
			break
	}
	if (place > length(rule))
		return
	names = substr(rule, 1, place - 1)
	rest = substr(rule, place + 1)
	sub(/&$/, "", names)
	# An assignment (:= ::= :::=), or a variable for one target alone, is no rule.
	if (rest ~ /^:?:?=/ || rest ~ /^:? *((override|export|private) +)?[A-Za-z0-9_.-]+ *([?+!]|:?:?:)?=/)
		return
	# What make is to expand must not start anything.
	if (names !~ /[$][({](shell|eval|call|foreach|file|guile|info|error|warning)[ ,]/ && depth == 0)
		print names
}
