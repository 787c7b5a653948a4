"""Prints, for each file named on standard input, what ese_log_check.py says of it: one JSON object a line."""
import json
import sys

sys.path.insert(0, sys.argv[1])
import ese_log_check as checker  # noqa: E402

for path in sys.stdin.read().splitlines():
    header, result = checker.check(checker.load(path), checker.Opt)
    records = result.summary
    print(json.dumps({
        "path": path,
        "verdict": result.verdict,
        "offset": result.offset,
        "reason": result.reason,
        "used": result.used,
        "last": result.last,
        "checksum": result.acc,
        "backup": result.backup,
        "corrected": len(result.fixed),
        "lost_write": any("WARNING" in note for note in result.notes),
        "records": records and {
            "count": records.records,
            "references": records.refs,
            "clean": records.clean,
            "last_at": records.last_at,
            "last_type": records.last_type,
            "error": records.error,
            "torn": records.torn,
            "skipped": records.skipped,
            "databases": sorted((dbid, *numbers) for dbid, numbers in records.dbs.items()),
            "state": sorted(records.state.items()),
        },
    }))
