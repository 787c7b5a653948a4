#!/usr/bin/env bash
# A check for Nagios, Icinga and their kin. It never writes.
#
#     check_edbmend.sh [-w GENERATIONS] [-c GENERATIONS] PATH...
#
# PATH is a dismounted database, or the folder of a storage group, or a copy or a snapshot of them. A mounted
# store is Dirty Shutdown on disk, and so CRITICAL.
#
#     OK        nothing is wrong
#     WARNING   a finding of severity warning, or fewer log generations left than -w (100000)
#     CRITICAL  an error, a next mount that fails, or fewer generations left than -c (10000)
#     UNKNOWN   a file could not be read, and no error is known; or wrong usage
#
# Behind the bar: databases, errors, warnings, and the generations left (of the stream with the fewest). The lines
# below the first have each finding with what mends it.
# Needs bash, jq and edbmend; EDBMEND names the program.
set -u -o pipefail

unknown() {
    echo "EDBMEND UNKNOWN - $1"
    exit 3
}

usage() {
    sed -n '2,/^set /s/^# \{0,1\}//p' "$0"
    exit 3
}

warn=100000 crit=10000
while getopts 'w:c:h' option; do
    case $option in
        w) warn=$OPTARG ;;
        c) crit=$OPTARG ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || usage
[[ $warn$crit =~ ^[0-9]+$ ]] || unknown "-w and -c take a number of generations"
command -v jq >/dev/null || unknown "jq is not installed"

report=$("${EDBMEND:-edbmend}" check --json -- "$@") || [ -n "$report" ] || unknown "edbmend left no report"

# Prints the exit code, then what is shown. A bar would begin the figures, so none may be in the text: for people a
# question mark stands for it, as for what cannot be printed; in what mends it, what the shell takes for a bar.
answer=$(jq -r --argjson warn "$warn" --argjson crit "$crit" '
    def plain: gsub("\\|"; "?") | gsub("[[:cntrl:]]"; "?");
    def typed: gsub("(?<word>\\$\u0027(?:\\\\.|[^\\\\\u0027])*\u0027)"; .word | gsub("\\|"; "\\x7c"))
        | gsub("\\|"; "\u0027$\u0027\\x7c\u0027\u0027") | plain;
    ([.databases[] | .path as $path | .findings[] | . + {path: $path}]
        + [(.logs.dir? // "") as $path | .findings[] | . + {path: $path}]) as $all
    | [$all[] | select(.severity == "error")] as $errors
    | [$all[] | select(.severity == "warning")] as $warnings
    | ([(.groups // []), .logs.streams?, .logs] | flatten | map(.generations_left? | values) | min) as $left
    | (.databases | length) as $databases
    | def ids: map(.id + (if .path == "" then "" else " in " + .path end)) | unique | join(", ");
    def fewer($limit): $left != null and $left < $limit;
    (if ($errors | length) > 0 then [2, "CRITICAL - " + ($errors | ids)]
     elif fewer($crit) then [2, "CRITICAL - \($left) log generations left"]
     elif .exit_code > 1 then [3, "UNKNOWN - " + ([.refusals[] | .id + ": " + .path] | join(", "))]
     elif .exit_code == 1 then [2, "CRITICAL - the next mount fails"]
     elif ($warnings | length) > 0 then [1, "WARNING - " + ($warnings | ids)]
     elif fewer($warn) then [1, "WARNING - \($left) log generations left"]
     else [0, "OK - \(.databases | length) databases"] end) as [$code, $status]
    | [$errors[], $warnings[] | . + {id: "\(.severity) \(.id)"}] + [.refusals[]]
    | map(("\(.id): \(.path): \(.message) Do: " | plain) + (.remedy | typed)) as $lines
    | "databases=\($databases);;;0 errors=\($errors | length);;;0 warnings=\($warnings | length);;;0"
        + (if $left == null then "" else " generations_left=\($left);\($warn):;\($crit):;0" end)
    | $code, ("EDBMEND " + $status | plain) + " | " + ., $lines[]
' <<<"$report") || unknown "the report of edbmend could not be read"
echo "${answer#*$'\n'}"
exit "${answer%%$'\n'*}"
