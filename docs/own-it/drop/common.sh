# The scripts beside this file source it. Each drops a feature from the clone that it is in.

set -eu
cd "$(dirname "$0")/../../.."
changes=$(git status --porcelain .)
if [ -n "$changes" ]; then
	echo "There are changes that are not committed: commit them first, so that you can review the drop and undo it." >&2
	exit 1
fi

# Files may be missing below: another drop may have removed them.

# remove PATH... removes files and folders.
remove() {
	rm -rf "$@"
}

# remove_named WORD... removes the app's files and folders whose names have one of these words.
remove_named() {
	for word; do
		find actions assets config grifts mailers models templates \( -name "$word*" -o -name "*_$word*" \) -prune -exec rm -r {} +
	done
}

# remove_lines PATTERN FILE... removes the lines that match.
remove_lines() {
	perl -ni -e 'BEGIN { $pattern = shift; @ARGV = grep -f, @ARGV or exit } print unless /$pattern/' "$@"
}

# replace PATTERN TEXT FILE... replaces what matches. A match may have several lines.
replace() {
	perl -0pi -e 'BEGIN { ($pattern, $text) = splice @ARGV, 0, 2; @ARGV = grep -f, @ARGV or exit } s/$pattern/$text/gm' "$@"
}

# finish PATTERN formats and builds what is left, and prints the texts that match.
finish() {
	gofmt -w .
	go mod tidy
	go build ./...
	! grep -inE "$1" locales/all.en-us.yaml README.md docs/login.md || echo "Edit these texts, in each language: they still name what was dropped."
}
