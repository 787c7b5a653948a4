//! The entry points of the fuzz targets, as properties: nothing panics on any bytes, and the size of
//! the chunks does not matter.

use proptest::prelude::*;

use super::{log_entries, made};

/// A body with some bytes changed, and perhaps cut off.
fn patched(bodies: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let patches = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (prop::sample::select(bodies), patches, any::<bool>()).prop_map(|(mut body, patches, cut)| {
        for (at, value) in patches {
            let at = at.index(body.len());
            body[at] = value;
            if cut && at % 7 == 0 {
                body.truncate(at.max(1));
            }
        }
        body
    })
}

fn any_bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

/// Bodies of both formats, those of sector-based logs behind an odd choice.
fn bodies() -> Vec<Vec<u8>> {
    let sectors = made::practice_logs().into_iter().map(|log| [&[1], &log[4096..]].concat());
    let segments = [0_u8, 2].map(|choice| [&[choice], &made::segmented()[4096..]].concat());
    sectors.chain(segments).collect()
}

/// Records of a practice log, as they follow each other in its first sector.
fn records() -> Vec<Vec<u8>> {
    let of_log = |log: Vec<u8>| log[4096 + 22..4096 + 500].to_vec();
    made::practice_logs().into_iter().map(of_log).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn log_body(bytes in prop_oneof![patched(bodies()), any_bytes(20_000)]) {
        log_entries::log_body(&bytes);
    }

    #[test]
    fn log_records(choice: u8, records in prop_oneof![patched(records()), any_bytes(9000)]) {
        log_entries::log_records(&[&[choice][..], &records].concat());
    }

    /// Types that there are, and small numbers: more of it looks like records.
    #[test]
    fn likely_records(choice: u8, bytes in any_bytes(9000)) {
        let likely = |byte: u8| if byte < 128 { byte % 102 } else { byte % 4 };
        let records: Vec<u8> = bytes.into_iter().map(likely).collect();
        log_entries::log_records(&[&[choice][..], &records].concat());
    }
}
