#!/usr/bin/env bash
# Check ESE databases and repair those that need it, from cron or a systemd timer.
#
#     repair-unattended.sh DATABASE...
#
# The stores must be dismounted at that hour. edbmend refuses whatever is open, and nothing here
# overrides a guard. Nothing is done a second time by itself but what is safe to repeat: a database
# that is open is tried again at the next run.
#
# Fill in `tell`. Needs bash, jq, flock and edbmend. It runs as root, or as the owner of the databases.
# Settings, from the environment:
#
#     EDBMEND              the program (edbmend)
#     EDBMEND_REPORTS      where reports and the log are kept (/var/log/edbmend)
#     EDBMEND_BACKUP_DIR   where operation folders go (beside each database)
#     EDBMEND_RECOVER      yes: finish an interrupted operation by itself (no: only say what it would do)
#     EDBMEND_LOCK         the lock of this script (/run/lock/edbmend-unattended.lock)
#
# Exit code: that of edbmend, 0 to 7 (docs/exit-codes.md). 7 never comes from an unattended run of
# edbmend; here it says that another run of this script is at work, and nothing was looked at.
set -u -o pipefail

program=${EDBMEND:-edbmend}
reports=${EDBMEND_REPORTS:-/var/log/edbmend}
backup_dir=${EDBMEND_BACKUP_DIR:-}
may_recover=${EDBMEND_RECOVER:-no}
lock=${EDBMEND_LOCK:-/run/lock/edbmend-unattended.lock}

# tell PRIORITY TEXT: where the administrator reads it. PRIORITY is a syslog one: info, warning, err or
# crit. Put mail, a chat or a ticket here, for example:
#     [ "$1" = info ] || mail -s "edbmend on $(hostname): $1" root <<<"$2"
tell() {
    printf '%s: %s\n' "$1" "$2" >&2
    if command -v logger >/dev/null; then
        logger -t edbmend-unattended -p "daemon.$1" -- "$2" || true
    fi
}

# One function for each exit code. $1 is the report.

done_well() { # 0
    jq -r '.databases[] | select(.outcome == "committed")
        | "repaired: \(.path). Mount the store and run a full backup at once. Undo: edbmend restore \(.operation.dir)"' "$1" |
        while IFS= read -r line; do tell warning "$line"; done
    tell info "$(jq -r '[.databases[] | "\(.outcome): \(.path)"] | join(", ")' "$1")"
}

findings() { # 1, of check
    tell warning "$(jq -r '[.databases[] | . as $db | .findings[] | select(.severity == "error")
        | "\(.id): \($db.path)"] | join(", ")' "$1")"
}

wrong_usage() { # 2
    tell err "this script called edbmend wrongly, nothing was looked at: $(reasons "$1")"
}

refused() { # 3: by the id of each refusal, since what to do differs
    jq -r '.refusals[] | [.id, .path, .message, .remedy] | @tsv' "$1" |
        while IFS=$'\t' read -r id path message remedy; do
            case $id in
                in-use) tell info "open, the next run tries again: $path" ;;
                operation-pending) tell err "an earlier operation is unfinished or at work: $path" ;;
                dirty-shutdown) tell err "not cleanly dismounted, mount and dismount it: $path" ;;
                no-space) tell err "no room for the backup: $path: $message" ;;
                in-use-unproven) tell err "nobody can prove that it is closed: $path: $message" ;;
                *) tell err "refused, $id: $path: $message. $remedy" ;;
            esac
        done
}

failed() { # 4
    tell err "failed, nothing was changed: $(reasons "$1")"
}

rolled_back() { # 5
    tell crit "failed while writing; the old header is back. Look at the disk: $(reasons "$1")"
}

pending() { # 6
    tell crit "unfinished. Do not mount: $(reasons "$1")"
}

declined() { # 7
    tell warning "another run of this script is at work: nothing was done"
}

reasons() {
    jq -r '[.refusals[] | "\(.id): \(.path): \(.message). \(.remedy)"] | join("; ")' "$1"
}

# run NAME COMMAND...: runs edbmend, keeps its report, reacts, and leaves the code in $code.
# There is no time limit: a repair that is killed half-way has to be recovered.
run() {
    local name=$1
    shift
    report="$reports/$(date -u +%Y%m%dT%H%M%SZ)-$$-$name.json"
    code=0
    "$program" "$@" --json --log-file "$reports/edbmend.log" >"$report" || code=$?
    if [ "$(jq -r '.exit_code' "$report" 2>/dev/null)" != "$code" ]; then
        tell crit "edbmend $name ended with $code and without a report. If it was killed, an operation may be pending: edbmend recover"
        exit "$code"
    fi
    react "$code" "$report"
}

react() {
    case $1 in
        0) done_well "$2" ;;
        1) findings "$2" ;;
        2) wrong_usage "$2" ;;
        3) refused "$2" ;;
        4) failed "$2" ;;
        5) rolled_back "$2" ;;
        6) pending "$2" ;;
        7) declined ;;
        *) tell crit "edbmend ended with $1, which it never should: $2" ;;
    esac
}

# What an interrupted operation needs. Which way it goes is told first; whether it may go there by
# itself is the administrator's choice.
recover() {
    local database=$1
    run recover-dry-run recover --dry-run "$database"
    [ "$code" -eq 0 ] || return 0
    tell warning "$database: recover would go this way: $(jq -r '[.databases[].direction // "nothing to do"] | join(", ")' "$report")"
    if [ "$may_recover" = yes ]; then
        run recover recover --yes "$database"
    else
        code=6
    fi
}

has_pending() {
    jq -e --arg path "$1" '[.databases[] | select(.path == $path) | .findings[].id]
        | index("operation-pending")' "$report" >/dev/null
}

unattended() {
    local worst=0 database recovered=0 options=()
    [ -z "$backup_dir" ] || options=(--backup-dir "$backup_dir")

    run check check "$@"
    # 0: nothing is wrong. 2 and 4: check could not make sense of a file; so could no repair.
    [ "$code" -eq 1 ] || return "$code"
    for database in "$@"; do
        if has_pending "$(realpath -- "$database")"; then
            recover "$database"
            [ "$code" -eq 0 ] || return "$code"
            recovered=1
        fi
    done
    if [ "$recovered" -eq 1 ]; then
        run check check "$@"
        [ "$code" -eq 1 ] || return "$code"
    fi

    run repair repair --yes "${options[@]}" "$@"
    worst=$code
    if [ "$code" -eq 6 ]; then
        while IFS= read -r database; do
            recover "$database"
            worst=$code
        done < <(jq -r '.databases[] | select(.outcome == "pending") | .path' "$report")
    fi
    [ "$worst" -eq 0 ] || return "$worst"
    # What a repair does not mend is still there, and the exit code says so.
    run check-after check "$@"
    return "$code"
}

main() {
    umask 077
    mkdir -p -- "$reports" || exit 4
    if [ "$#" -gt 0 ]; then
        exec 9>"$lock" || exit 4
        if ! flock --nonblock 9; then
            react 7 ""
            exit 7
        fi
    fi
    unattended "$@"
}

main "$@"
