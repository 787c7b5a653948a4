//! What a header counts: repairs, and pages that the engine found damaged.

use crate::ese::{DbHeader, LogTime};

use super::{Finding, FindingId};

pub(super) fn judge(header: &DbHeader) -> impl Iterator<Item = Finding> {
    repaired(header).into_iter().chain(damage(header))
}

fn repaired(header: &DbHeader) -> Option<Finding> {
    let raw = &header.raw;
    let count = raw.repair_count.get();
    (count != 0).then(|| {
        Finding::new(
            FindingId::RepairedDatabase,
            format!("Repair Count: {count}{}", last(raw.repair_time)),
            "The database went through eseutil /p: what could not be saved is gone, and the logs of before are not \
             its own any more.",
            "If the logs of before still lie beside it, they must be away before the mount. Then move the mailboxes or \
             rows into a new database, or run eseutil /d and isinteg, and a full backup.",
        )
        .of_field("repair_count")
    })
}

fn damage(header: &DbHeader) -> Option<Finding> {
    let raw = &header.raw;
    let counts = [
        ("Bad Checksum Error Count", raw.bad_checksum.get(), raw.bad_checksum_time),
        ("ECC Fix Success Count", raw.ecc_fix_success.get(), raw.ecc_fix_success_time),
        ("ECC Fix Error Count", raw.ecc_fix_fail.get(), raw.ecc_fix_fail_time),
    ];
    let met = counts.iter().filter(|(_, count, _)| *count != 0);
    let met: Vec<String> =
        met.map(|(label, count, time)| format!("{label}: {count}{}", last(*time))).collect();
    (!met.is_empty()).then(|| {
        Finding::new(
            FindingId::CountedDamage,
            met.join("; "),
            "The engine met damaged pages while it read this database. A full backup ends with -1018 at the first one \
             that is still there.",
            "Run `edbmend verify` on the database before a backup is relied on, and have the disk looked at.",
        )
        .of_field("bad_checksum_count")
    })
}

/// When it was counted last, where that is known.
fn last(time: LogTime) -> String {
    if time.is_unset() { String::new() } else { format!(" (last on {time})") }
}
