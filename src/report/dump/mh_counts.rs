//! The counters in the dump of a database header, as `eseutil /mh` prints them.

use crate::ese::{DbHeader, LgPos, LogTime};

use super::lines::Lines;

impl Lines {
    pub(super) fn reseeds_and_patches(&mut self, header: &DbHeader) {
        let raw = &header.raw;
        let counts = [raw.reseed_count, raw.reseed_count_old, raw.patch_count, raw.patch_count_old];
        if counts.iter().all(|count| count.get() == 0) {
            return;
        }
        self.line("     Reseed Count: ", raw.reseed_count);
        self.line("      Reseed Date: ", raw.reseed_time);
        self.line(" Old Reseed Count: ", raw.reseed_count_old);
        self.line("      Patch Count: ", raw.patch_count);
        self.line("       Patch Date: ", raw.patch_time);
        self.line("  Old Patch Count: ", raw.patch_count_old);
    }

    pub(super) fn sizes(&mut self, header: &DbHeader) {
        let raw = &header.raw;
        self.blank();
        self.line("     cpgUpgrade55Format: ", raw.upgrade_55_format_pages);
        self.line("    cpgUpgradeFreePages: ", raw.upgrade_free_pages);
        self.line("cpgUpgradeSpaceMapPages: ", raw.upgrade_space_map_pages);
        self.blank();
        let resize = LgPos::from(raw.last_resize_pos);
        self.line("      Last Resize: ", format_args!("{resize}  {}", resize_note(header, resize)));
        self.blank();
        self.line("     Extend Count: ", raw.extend_count);
        self.line("      Extend Date: ", raw.extend_time);
        self.blank();
        self.line("     Shrink Count: ", raw.shrink_count);
        self.line("      Shrink Date: ", raw.shrink_time);
        self.blank();
        self.line("       Trim Count: ", raw.trim_count);
    }

    pub(super) fn page_errors(&mut self, header: &DbHeader) {
        let raw = &header.raw;
        self.blank();
        let success_date = ("   Last ECC Fix Success Date: ", raw.ecc_fix_success_time);
        self.count("       ECC Fix Success Count: ", raw.ecc_fix_success.get(), Some(success_date));
        self.count("   Old ECC Fix Success Count: ", raw.ecc_fix_success_old.get(), None);
        let error_date = ("     Last ECC Fix Error Date: ", raw.ecc_fix_fail_time);
        self.count("         ECC Fix Error Count: ", raw.ecc_fix_fail.get(), Some(error_date));
        self.count("     Old ECC Fix Error Count: ", raw.ecc_fix_fail_old.get(), None);
        let bad_date = ("Last Bad Checksum Error Date: ", raw.bad_checksum_time);
        self.count("    Bad Checksum Error Count: ", raw.bad_checksum.get(), Some(bad_date));
        self.count("Old bad Checksum Error Count: ", raw.bad_checksum_old.get(), None);
        self.blank();
        self.line("  Last Database Maintenance Finish Date: ", raw.scan_finish_time);
        self.line("Current Database Maintenance Start Date: ", raw.scan_start_time);
        self.line(
            "      Highest Continuous Database Maintenance Page: ",
            raw.scan_highest_continuous_page,
        );
        self.line("      Highest Database Maintenance Page: ", raw.scan_highest_page);
    }

    fn count(&mut self, label: &str, count: u32, last: Option<(&str, LogTime)>) {
        if count == 0 {
            return self.line(label, "none");
        }
        self.line(label, format_args!("found ({count})"));
        if let Some((label, time)) = last {
            self.line(label, time);
        }
    }
}

fn resize_note(header: &DbHeader, resize: LgPos) -> &'static str {
    if resize == header.last_attach() {
        "(Matches \"Last Attach\", no subsequent resize)"
    } else if resize == header.last_consistent() {
        "(Matches \"Last Consistent\", no subsequent resize)"
    } else {
        ""
    }
}
