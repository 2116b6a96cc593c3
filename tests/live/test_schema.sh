#!/bin/bash
# slapd takes the schema in both forms and, offline, slapd-access.ldif; what the schema itself refuses. (Who may
# do what by the access rules: test_access_slapd.py.)
set -u
sources=${srcdir:-.}
built=${1:-$PWD/schema}
PATH=$PATH:/usr/sbin
S=/etc/ldap/schema
for program in slapd slapadd slapmodify slaptest ldapsearch; do
	command -v $program >/dev/null || { echo "SKIP: no $program"; exit 77; }
done
[ -r $S/misc.ldif ] || { echo "SKIP: no $S/misc.ldif"; exit 77; }

T=$(mktemp -d) || exit 1
slapd=
end() {
	[ -n "$slapd" ] && kill "$slapd" 2>/dev/null && wait "$slapd"
	rm -rf "$T"
}
trap end EXIT
faults=0
fault() { echo "FAIL: $*"; faults=$((faults + 1)); }
die() { echo "FAIL: $*"; cat "$T/out" "$T/slapd.log" 2>/dev/null; exit 1; }

# slapd.conf's form.
{
	for name in core cosine inetorgperson misc; do echo "include $S/$name.schema"; done
	echo "include $built/muster.schema"
} >"$T/slapd.conf"
slaptest -u -f "$T/slapd.conf" >"$T/out" 2>&1 || die "slaptest refuses muster.schema"

# cn=config's form, and the access rules as they are shipped.
mkdir "$T/config" "$T/personnel" "$T/accounts"
suffix=dc=example,dc=mil
{
	printf 'dn: cn=config\nobjectClass: olcGlobal\ncn: config\n\n'
	[ -e /usr/lib/ldap/back_mdb.so ] && printf '%s\n' 'dn: cn=module{0},cn=config' \
		'objectClass: olcModuleList' 'cn: module{0}' 'olcModulePath: /usr/lib/ldap' \
		'olcModuleLoad: back_mdb' ''
	printf 'dn: cn=schema,cn=config\nobjectClass: olcSchemaConfig\ncn: schema\n\n'
	for name in core cosine inetorgperson misc; do printf 'include: file://%s/%s.ldif\n\n' $S $name; done
	cat "$built/muster.ldif"
	for number in 1:personnel:ou=personnel,$suffix 2:accounts:$suffix; do
		IFS=: read -r n name at <<<"$number"
		printf '\ndn: olcDatabase={%s}mdb,cn=config\nobjectClass: olcDatabaseConfig\n' "$n"
		printf 'objectClass: olcMdbConfig\nolcDatabase: {%s}mdb\nolcSuffix: %s\n' "$n" "$at"
		printf 'olcDbDirectory: %s/%s\n' "$T" "$name"
		[ "$n" = 1 ] && printf 'olcSubordinate: TRUE\n'
	done
} >"$T/config.ldif"
slapadd -n0 -F "$T/config" -l "$T/config.ldif" >"$T/out" 2>&1 || die "slapadd refuses muster.ldif"
slapmodify -n0 -F "$T/config" -l "$sources/schema/slapd-access.ldif" >"$T/out" 2>&1 ||
	die "slapmodify refuses slapd-access.ldif"

people=ou=people,$suffix claims=ou=claims,$suffix services=ou=services,$suffix
cat >"$T/accounts.ldif" <<LDIF
dn: $suffix
objectClass: organization
objectClass: dcObject
o: Example
dc: example

dn: $people
objectClass: organizationalUnit
ou: people

dn: $claims
objectClass: organizationalUnit
ou: claims

dn: $services
objectClass: organizationalUnit
ou: services

dn: cn=musterd,$services
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: musterd
userPassword: service

LDIF
# An active account, a pending one.
account() { # uid, more lines
	cat <<LDIF
dn: uid=$1,$people
objectClass: inetOrgPerson
objectClass: inetLocalMailRecipient
objectClass: musterAccount
uid: $1
cn: $1
sn: Doe
mail: $1@mail.example.mil
mailLocalAddress: $1@mail.example.mil
mailLocalAddress: $1.civ@mail.example.mil
telephoneNumber: +1 555 0100
employeeNumber: 1000000001
musterCategory: army-retired
musterCategory: da-civilian
musterPrimaryCategory: da-civilian
musterDualAccount: TRUE
musterRegistrationId: 01890a5d-ac96-774b-bcce-b302099a8057
musterPersonKey: 00ff
musterExternalMail: jd@example.org
musterSecurityAnswer: 0 first-car {CRYPT}x
musterSecurityAnswer: 1 first-pet {CRYPT}y
musterSecurityAnswer: 2 first-job {CRYPT}z
LDIF
	shift
	printf '%s\n' "$@" ''
}
account john.q.doe 'musterAccountStatus: active' 'userPassword: person' \
	'musterActivatedAt: 20260101000000Z' >>"$T/accounts.ldif"
account jane.doe 'musterAccountStatus: pending' 'musterPendingPassword: {CRYPT}$y$x' \
	'musterActivationTime: 20260101001500Z' >>"$T/accounts.ldif"
slapadd -q -n2 -F "$T/config" -l "$T/accounts.ldif" >"$T/out" 2>&1 || die "slapadd: accounts"
printf 'dn: ou=personnel,%s\nobjectClass: organizationalUnit\nou: personnel\n' $suffix |
	slapadd -q -n1 -F "$T/config" >"$T/out" 2>&1 || die "slapadd: base of the people"
slapadd -q -n1 -F "$T/config" -l "$sources/schema/sample/people.ldif" >"$T/out" 2>&1 ||
	die "slapadd: people"

uri=ldapi://$(printf %s "$T/slapd.sock" | sed 's,/,%2F,g')
slapd -d 0 -F "$T/config" -h "$uri" >"$T/slapd.log" 2>&1 &
slapd=$!
until ldapwhoami -x -H "$uri" >/dev/null 2>&1; do
	kill -0 $slapd 2>/dev/null || die "slapd ended"
	sleep 0.05
done

# as WHO COMMAND WORDS…
as() {
	local who=$1 command=$2
	shift 2
	case $who in
	service) set -- -D "cn=musterd,$services" -w service "$@" ;;
	esac
	"$command" -x -H "$uri" "$@" 2>"$T/said"
}
# change WHO CODE LDIF: ldapmodify ends with the code.
change() {
	printf '%b' "$3" | as "$1" ldapmodify >/dev/null
	local code=$?
	[ $code = "$2" ] || fault "$1 changing '${3%%\\n*}': $code, not $2: $(cat "$T/said")"
}

# Claims: once each. Accounts: added, activated by one, removed.
claim="dn: musterPersonKey=aa11,$claims\nchangetype: add\nobjectClass: musterClaim\nmusterPersonKey: aa11\nmusterRegistrationId: 01890a5d-ac96-774b-bcce-b302099a8057\n"
change service 0 "$claim"
change service 68 "$claim"
activation="dn: uid=jane.doe,$people\nchangetype: modify\ndelete: musterAccountStatus\nmusterAccountStatus: pending\n-\nadd: musterAccountStatus\nmusterAccountStatus: active\n-\ndelete: musterPendingPassword\n-\nadd: userPassword\nuserPassword: secret\n-\ndelete: musterActivationTime\n-\nadd: musterActivatedAt\nmusterActivatedAt: 20260101001501Z\n"
ldapwhoami -x -H "$uri" -D "uid=jane.doe,$people" -w secret >/dev/null 2>&1 && fault "a pending account can bind"
change service 0 "$activation"
change service 16 "$activation"
ldapwhoami -x -H "$uri" -D "uid=jane.doe,$people" -w secret >/dev/null 2>&1 || fault "an active account can't bind"
change service 0 "dn: musterPersonKey=aa11,$claims\nchangetype: delete\n"

# What the schema itself refuses.
change service 21 "dn: uid=jane.doe,$people\nchangetype: modify\nreplace: musterDualAccount\nmusterDualAccount: yes\n"
change service 21 "dn: uid=jane.doe,$people\nchangetype: modify\nreplace: musterActivatedAt\nmusterActivatedAt: soon\n"
change service 19 "dn: uid=jane.doe,$people\nchangetype: modify\nadd: musterAccountStatus\nmusterAccountStatus: pending\n"
change service 65 "dn: uid=jane.doe,$people\nchangetype: modify\ndelete: musterAccountStatus\n"

[ $faults = 0 ]
