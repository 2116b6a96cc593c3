#!/bin/sh
# The papers that come from the configuration's rows are up to date ('make regenerate' renews
# them), the examples can be read, and the manual page is clean.
set -u
srcdir=${srcdir:-.}
conf_doc=./src/conf/conf_doc
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
failed=0

fail()
{
	echo "FAIL: $*" >&2
	failed=1
}

"$conf_doc" example "$srcdir/etc/sample.conf" >"$folder/musterd.conf" ||
	fail "etc/sample.conf can't be read"
diff -u "$srcdir/etc/musterd.conf" "$folder/musterd.conf" >&2 ||
	fail "etc/musterd.conf is not up to date"
"$conf_doc" manual "$srcdir/doc/musterd.conf.5" >"$folder/musterd.conf.5" ||
	fail "doc/musterd.conf.5 can't be read"
diff -u "$srcdir/doc/musterd.conf.5" "$folder/musterd.conf.5" >&2 ||
	fail "doc/musterd.conf.5 is not up to date"

for name in musterd university; do
	"$conf_doc" example "$srcdir/etc/$name.conf" >"$folder/again.conf" ||
		fail "etc/$name.conf can't be read"
	cp "$srcdir/etc/blocklist.txt" "$folder"
	"$conf_doc" example "$folder/again.conf" >"$folder/thrice.conf" ||
		fail "what was printed of etc/$name.conf can't be read"
	cmp "$folder/again.conf" "$folder/thrice.conf" >&2 ||
		fail "etc/$name.conf does not read back as the same"
done

# The other pages are looked for where they are installed, so not found is no fault here.
if command -v mandoc >/dev/null; then
	mandoc -Tlint "$srcdir/doc/musterd.conf.5" | grep -v 'referenced manual not found' >&2 &&
		fail "doc/musterd.conf.5 is not clean"
else
	echo "mandoc is missing: the manual page was not checked"
fi
exit $failed
