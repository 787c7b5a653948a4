#!/usr/bin/env bash
# Check ESE databases and repair those that need it, from cron or a systemd timer.
#
#     repair-unattended.sh DATABASE...
#
# The stores must be dismounted at that hour. edbmend refuses whatever is open, and nothing here
# overrides a guard. Nothing is done a second time by itself but what is safe to repeat: a database
# that is open is tried again at the next run.
#
# Each database has a run and an outcome of its own: repaired, nothing to do, refused, failed or
# unfinished. One that is refused, or cannot be read, stops no other. Only where a write was left
# unfinished by this run the rest is not begun: the disk has to be looked at first.
#
# Fill in `tell`. Needs bash, jq, flock and edbmend. It runs as root, or as the owner of the databases.
# The folders of the reports and of the lock must belong to that account, and nobody else may write there:
# what this script opens by name must not be a trap.
# Settings, from the environment:
#
#     EDBMEND              the program (edbmend)
#     EDBMEND_REPORTS      where reports and the log are kept (/var/log/edbmend)
#     EDBMEND_READERS      a group that may read the reports (nobody but the owner)
#     EDBMEND_BACKUP_DIR   where operation folders go (beside each database)
#     EDBMEND_RECOVER      yes: finish an interrupted operation by itself (no: only say what it would do)
#     EDBMEND_LOCK         the lock of this script (the file lock beside the reports)
#
# Exit code: the worst of all databases, 0 to 7 as edbmend has them (docs/exit-codes.md). 7 never comes
# from an unattended run of edbmend; here it says that another run of this script is at work, and nothing
# was looked at. Without a whole report the code is at least 4: what was done is not known here. Any code
# above 7 is that of a program which ended so.
set -u -o pipefail

program=${EDBMEND:-edbmend}
reports=${EDBMEND_REPORTS:-/var/log/edbmend}
readers=${EDBMEND_READERS:-}
backup_dir=${EDBMEND_BACKUP_DIR:-}
may_recover=${EDBMEND_RECOVER:-no}
lock=${EDBMEND_LOCK:-}

# tell PRIORITY TEXT: where the administrator reads it. PRIORITY is a syslog one: info, warning, err or
# crit. Put mail, a chat or a ticket here, for example:
#     [ "$1" = info ] || mail -s "edbmend on $(hostname): $1" root <<<"$2"
tell() {
    local text=${2//[[:cntrl:]]/?} # a path may have anything in it
    printf '%s: %s\n' "$1" "$text" >&2
    if command -v logger >/dev/null; then
        logger -t edbmend-unattended -p "daemon.$1" -- "$text" || true
    fi
}

code=0    # of the last run of edbmend; of a database when it is through
report='' # of the last run
runs=0    # numbers the reports
halt=''   # why no other database is begun

# run NAME COMMAND ARGUMENT...: runs edbmend and keeps its report. Fails where there is none. There is no
# time limit: a repair that is killed half-way has to be recovered.
run() {
    local name=$1 command=$2
    shift 2
    runs=$((runs + 1))
    report="$reports/$(date -u +%Y%m%dT%H%M%SZ)-$$-$runs-$name.json"
    code=0
    if ! make_report; then
        code=4
        tell err "failed: $database: the report $report cannot be made, so edbmend $name was not run"
        return 1
    fi
    "$program" "$command" --json --log-file "$reports/edbmend.log" "$@" >"$report" || code=$?
    [ "$(jq -r '.exit_code' "$report" 2>/dev/null)" = "$code" ] || died "$name"
}

# An empty report that its readers may read. What edbmend makes by itself stays its owner's.
make_report() {
    : >"$report" || return
    [ -z "$readers" ] || { chgrp -- "$readers" "$report" && chmod 640 -- "$report"; }
}

# A code that is worse stays: after a write it is the only word on it.
died() {
    halt="the one before it left no report. See to that first"
    tell crit "no report: $database: edbmend $1 ended with $code. If it was killed, an operation may be pending; if not, look at the disk of $report. Do: edbmend list ${database@Q}; edbmend recover --dry-run ${database@Q}"
    code=$(worse "$code" 4)
    return 1
}

# Tells what the last run came to.
told() {
    case $(jq -r '.outcome' "$report") in
        committed) tell warning "repaired: $database. Mount the store and run a full backup at once. Undo: $(undo)" ;;
        ok | nothing-to-do | overtaken) tell info "nothing to do: $database" ;;
        refused)
            if has in-use; then
                tell info "refused: $database: in-use: it is open, the next run tries again"
            else
                tell err "refused: $database: $(reasons)"
            fi
            ;;
        rolled-back)
            if [ "$code" -eq 0 ]; then
                tell warning "rolled back: the header of $database is as it was before"
            else
                tell crit "rolled back: $database: it failed while writing; the old header is back. Look at the disk: $(reasons)"
            fi
            ;;
        pending) tell crit "unfinished: $database: do not mount. $(reasons)" ;;
        *) tell err "failed, nothing was changed: $database: $(reasons)" ;;
    esac
}

# Whether the last report has this refusal, or this finding.
has() {
    jq -e --arg id "$1" '[.refusals[], .databases[].findings[]] | any(.id == $id)' "$report" >/dev/null
}

# Why it was not done, and the way out.
reasons() {
    jq -r '[.refusals[] | "\(.id): \(.path): \(.message | rtrimstr(".")). Do: \(.remedy)"] | join("; ")' "$report"
}

# The command that undoes the last run, as a shell takes it.
undo() {
    jq -r '[.databases[].operation | values | "edbmend restore \(.dir | @sh)"] | join("; ")' "$report"
}

# Tells the errors of the last check.
left() {
    jq -r '.databases[].findings[] | select(.severity == "error") | "\(.id): \(.message | rtrimstr(".")). Do: \(.remedy)"' "$report" |
        while IFS= read -r error; do tell warning "still there: $database: $error"; done
}

# What an interrupted operation needs. Which way it goes is told first; whether it may go there by
# itself is the administrator's choice. Fails where the database must be left alone.
recover() {
    local way
    run recover-dry-run recover --dry-run -- "$database" || return
    [ "$code" -eq 0 ] || { told; return 1; }
    way=$(jq -r '[.databases[].direction // "nothing to do"] | join(", ")' "$report")
    if [ "$may_recover" != yes ]; then
        code=6
        tell crit "unfinished: $database: do not mount. Recover would go this way: $way. Do: edbmend recover ${database@Q}"
        return 1
    fi
    tell warning "recover goes this way: $database: $way"
    run recover recover --yes -- "$database" || return
    told
    [ "$code" -eq 0 ]
}

# Brings $database to its outcome, tells it, and leaves its exit code in $code.
mend() {
    local options=()
    [ -z "$backup_dir" ] || options=(--backup-dir "$backup_dir")

    run check check -- "$database" || return
    if [ "$code" -eq 1 ] && has operation-pending; then
        recover || return
        run check check -- "$database" || return
        [ "$code" -ne 0 ] || return # a recovery that went forward has repaired it
    fi
    if [ "$code" -ne 1 ]; then
        told # nothing is wrong, or check could not make sense of the file; nor could a repair
        return
    fi
    run repair repair --yes "${options[@]}" -- "$database" || return
    told
    if [ "$code" -eq 6 ]; then
        halt="the one before it is unfinished. Look at the disk first"
        if ! recover; then
            code=$(worse "$code" 6) # whatever kept recover from it
            return
        fi
        halt=''
    fi
    [ "$code" -eq 0 ] || return
    # What a repair does not mend is still there, and the exit code says so.
    run check-after check -- "$database" || return
    left
}

# The place of an exit code among the others, the worst last.
rank() {
    case $1 in
        0) echo 0 ;;
        1) echo 1 ;;
        7) echo 2 ;;
        2 | 3) echo 3 ;;
        4 | 5 | 6) echo "$1" ;;
        *) echo 7 ;;
    esac
}

# The worse of two exit codes.
worse() {
    if [ "$(rank "$1")" -gt "$(rank "$2")" ]; then echo "$1"; else echo "$2"; fi
}

# Makes a folder where there is none, and prints where it is. Fails where another user could put something in
# the way there. Where a folder has an ACL, the group's bits of its mode are the most that it grants.
own_folder() {
    local dir
    if ! mkdir -p -- "$1" || ! dir=$(CDPATH='' cd -P -- "$1" && pwd); then
        tell err "the folder $1 cannot be made: nothing was looked at"
        return 1
    fi
    if [ ! -O "$dir" ] || [[ $(stat -c %A -- "$dir") != ?????-??-? ]]; then
        tell err "another user owns the folder $dir, or may write to it: nothing was looked at. Do: name one of your own that is writable for you alone"
        return 1
    fi
    printf '%s\n' "$dir"
}

main() {
    local worst=0 database needed folder
    umask 077
    if [ "$#" -eq 0 ]; then
        tell err "usage: repair-unattended.sh DATABASE...; nothing was looked at"
        exit 2
    fi
    for needed in "$program" jq flock; do
        if ! command -v -- "$needed" >/dev/null; then
            tell err "$needed is not on this host: nothing was looked at"
            exit 4
        fi
    done
    reports=$(own_folder "$reports") || exit 4
    if [ -n "$readers" ]; then
        { chgrp -- "$readers" "$reports" && chmod 750 -- "$reports"; } || exit 4
    fi
    : "${lock:=$reports/lock}"
    folder=$(own_folder "$(dirname -- "$lock")") || exit 4
    # Nothing is emptied, whatever it is.
    exec 9>>"$folder/$(basename -- "$lock")" || exit 4
    if ! flock --nonblock 9; then
        tell warning "another run of this script is at work: nothing was done"
        exit 7
    fi
    for database in "$@"; do
        database=$(realpath -sm -- "$database") # what is told shall hold in any folder
        if [ -n "$halt" ]; then
            tell crit "not begun: $database: $halt"
            code=4
        else
            mend
        fi
        worst=$(worse "$worst" "$code")
    done
    exit "$worst"
}

main "$@"
