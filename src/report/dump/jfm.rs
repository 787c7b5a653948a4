//! The header of a flush map as text. `eseutil` prints no labels of its own for it.

use crate::ese::FlushMapHeader;

use super::lines::Lines;

/// Prints the header fields of a flush map.
pub fn dump_flush_map(header: &FlushMapHeader) -> String {
    let mut out = Lines::default();
    let raw = &header.raw;
    out.blank();
    out.line("         Checksum: ", format_args!("0x{:x}", raw.checksum));
    out.line(
        "          Version: ",
        format_args!("{}.{}.{}", raw.version_major, raw.version_minor, raw.version_update),
    );
    let clean = if header.is_clean() { "clean" } else { "not clean" };
    out.line("            Flags: ", format_args!("0x{:x} ({clean})", raw.flags));
    out.line("          Created: ", raw.create_time);
    out.line("         Attached: ", raw.attach_time);
    out.line("         Detached: ", raw.detach_time);
    out.line("    Min. Required: ", format_args!("{0} (0x{0:x})", raw.gen_min_required));
    out.line("Min. Req. Creation Time: ", raw.gen_min_required_time);
    out.line("Min. Req. Target: ", format_args!("{0} (0x{0:x})", raw.gen_min_required_target));
    out.line("Min. Req. Target Creation Time: ", raw.gen_min_required_target_time);
    out.blank();
    out.line("  Database Header Flush Signature: ", raw.header_flush_signature);
    out.line(" Flush Map Header Flush Signature: ", raw.flush_map_flush_signature);
    out.text()
}
