#!/usr/bin/env bash
# A check for Nagios, Icinga and their kin. It never writes.
#
#     check_edbmend.sh PATH...
#
# PATH is a dismounted database, or the folder of a storage group. OK: nothing is wrong. WARNING: a
# finding of severity warning. CRITICAL: an error, or the next mount fails. UNKNOWN: a file could not be read
# or a database was not found, and no error is known; or wrong usage.
# Needs bash, jq and edbmend; EDBMEND names the program.
set -u -o pipefail

if [ $# -eq 0 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
    exit 3
fi

if ! report=$("${EDBMEND:-edbmend}" check --json "$@") && [ -z "$report" ]; then
    echo "EDBMEND UNKNOWN - no report"
    exit 3
fi
jq -r '
    ([.databases[] | . as $db | .findings[] | . + {path: $db.path}] + .findings) as $all
    | ([$all[] | select(.severity == "error")]) as $errors
    | ([$all[] | select(.severity == "warning")]) as $warnings
    | def told: map(.id + (if .path then " in " + .path else "" end)) | unique | join(", ");
    if ($errors | length) > 0 then "CRITICAL - " + ($errors | told)
    elif .exit_code > 1 then "UNKNOWN - " + ([.refusals[] | .id + ": " + .path] + [$warnings | told] | join(", "))
    elif .exit_code == 1 then "CRITICAL - the next mount fails"
    elif ($warnings | length) > 0 then "WARNING - " + ($warnings | told)
    else "OK - " + (.databases | length | tostring) + " databases" end
    | "EDBMEND " + . ' <<<"$report" | {
    IFS= read -r line
    # What stands behind the bar is for graphs.
    echo "$line | $(jq -r '"databases=\(.databases | length) errors=\([.databases[].findings[], .findings[]
        | select(.severity == "error")] | length) generations_left=\(.logs.generations_left? // "U")"' <<<"$report")"
    case $line in
        *" OK - "*) exit 0 ;;
        *" WARNING - "*) exit 1 ;;
        *" CRITICAL - "*) exit 2 ;;
        *) exit 3 ;;
    esac
}
