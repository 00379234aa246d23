# The targets of Makefiles, one to a line: names, and variables for make to expand. Recipes,
# assignments and comments are passed over, continued lines are joined.

/^\t/ { next }

{ line = line $0 }

/\\$/ { sub(/\\$/, " ", line); next }

line ~ /^ *[A-Za-z0-9_.$({\/-][^:=]*:/ && line !~ /^[^:=]*::?:?=/ {
	sub(/:.*/, "", line)
	count = split(line, names, " ")
	for (i = 1; i <= count; i++)
		if (names[i] ~ /^([A-Za-z0-9_.\/-]|[$][({][A-Za-z0-9_.-]+[)}])+$/)
			print names[i]
}

{ line = "" }
