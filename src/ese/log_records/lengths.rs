//! How long a record is.
//!
//! Source: `dev/ese/src/ese/_log/logread.cxx`, `CbLGSizeOfRec`; `dev/ese/src/inc/logapi.hxx`. Records
//! are packed. Seven types of old engines are not in the published source: whoever meets one cannot
//! know where the next record begins.

use super::RecordKind;

/// Most bytes of a record, fragments joined. The largest that an engine writes holds little more than
/// a page or two, of 32 KiB at most; what claims more is no record.
pub const LARGEST_RECORD_BYTES: u32 = 1 << 20;

/// What a length is made of.
enum Length {
    Fixed(u32),
    /// A fixed part, and fields in it that are added.
    Sum(u32, &'static [Field]),
    /// No source knows it.
    Unknown,
}

/// A field that is added to a length.
enum Field {
    /// 16 bits at an offset.
    Short(usize),
    /// The lower 15 of 16 bits.
    Masked(usize),
    /// 32 bits.
    Long(usize),
    /// Four bytes where the byte at an offset has one of these bits.
    FourIf(usize, u8),
}

impl Field {
    fn value(&self, head: &[u8]) -> u64 {
        match *self {
            Self::Short(at) => short(head, at).into(),
            Self::Masked(at) => (short(head, at) & 0x7fff).into(),
            Self::Long(at) => u64::from(short(head, at)) | u64::from(short(head, at + 2)) << 16,
            Self::FourIf(at, bits) => {
                let set = head.get(at).is_some_and(|byte| byte & bits != 0);
                if set { 4 } else { 0 }
            }
        }
    }
}

fn short(head: &[u8], at: usize) -> u16 {
    let bytes = head.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

/// What is known of a length from the first bytes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measured {
    Bytes(u64),
    /// It stands in the first so many bytes, which are not all there.
    Needs(usize),
    /// There is no such type.
    NoSuchType,
    /// The type exists, but its length is known to nobody.
    Unknown,
}

/// Measures the record that begins with these bytes, at least one.
pub(super) fn measure(head: &[u8]) -> Measured {
    let Some(&number) = head.first() else { return Measured::Needs(1) };
    match length(RecordKind(number)) {
        None => Measured::NoSuchType,
        Some(Length::Unknown) => Measured::Unknown,
        Some(Length::Fixed(bytes)) => Measured::Bytes(bytes.into()),
        Some(Length::Sum(fixed, _)) if head.len() < fixed as usize => {
            Measured::Needs(fixed as usize)
        }
        Some(Length::Sum(fixed, fields)) => {
            let added: u64 = fields.iter().map(|field| field.value(head)).sum();
            Measured::Bytes(u64::from(fixed) + added)
        }
    }
}

fn length(kind: RecordKind) -> Option<Length> {
    use Field::{FourIf, Long, Masked, Short};
    use Length::{Fixed, Sum, Unknown};
    Some(match kind.0 {
        0 | 4 | 17 | 23 => Fixed(1),
        1 => Fixed(568),
        2 | 18 | 99 => Fixed(18),
        3 | 51 => Fixed(9),
        5..=7 | 21 | 79 => Fixed(4),
        8 | 9 | 53 => Fixed(8),
        10 => Fixed(7),
        11..=13 | 100 => Fixed(11),
        14 => Sum(43, &[Short(40), FourIf(42, 4)]),
        15 => Sum(75, &[Short(72)]),
        16 => Sum(7, &[Short(4)]),
        19 | 20 | 45 | 59 | 77 => Sum(3, &[Short(1)]),
        22 | 46 | 61 => Sum(5, &[Short(3)]),
        24 => Fixed(56),
        25 => Fixed(48),
        26 => Fixed(60),
        27 => Sum(102, &[Short(96), Short(98), Short(100)]),
        28 => Sum(88, &[Short(86)]),
        29 => Sum(50, &[Short(44), Short(46), Short(48)]),
        30 => Sum(48, &[Short(44), Short(46)]),
        31 => Sum(52, &[Short(44), Short(46)]),
        32 | 35 => Fixed(44),
        33 | 34 => Sum(50, &[Masked(44)]),
        36 => Sum(56, &[Short(44), Short(46), Short(54)]),
        37 => Sum(54, &[Short(44), Short(46)]),
        38 | 48 => Sum(46, &[Short(44)]),
        39 => Sum(51, &[Short(44), Short(46)]),
        42 => Fixed(22),
        49 => Fixed(576),
        50 | 52 | 80 => Fixed(26),
        54 => Sum(7, &[Long(3)]),
        57 => Fixed(3),
        58 => Fixed(68),
        60 => Sum(35, &[Short(33)]),
        62 => Sum(110, &[Short(96), Short(98), Short(100), Long(106)]),
        63 => Sum(96, &[Short(86), Long(92)]),
        64 => Sum(54, &[Short(52)]),
        65 => Sum(96, &[Long(88), Long(92)]),
        66 => Fixed(46),
        67..=75 | 82..=91 => Sum(5, &[Long(1)]),
        76 => Sum(7, &[Short(5)]),
        78 | 81 | 94 => Fixed(10),
        92 => Fixed(14),
        93 => Sum(58, &[Short(44), Short(46)]),
        95 => Fixed(20),
        96 => Fixed(16),
        97 => Fixed(2),
        98 => Fixed(27),
        101 => Fixed(19),
        40 | 41 | 43 | 44 | 47 | 55 | 56 => Unknown,
        102.. => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_borders_of_the_types() {
        assert_eq!(measure(&[]), Measured::Needs(1));
        assert_eq!(measure(&[101]), Measured::Bytes(19));
        assert_eq!(measure(&[102]), Measured::NoSuchType);
        assert_eq!(measure(&[255]), Measured::NoSuchType);
        let unknown = (0..=101).filter(|&kind| measure(&[kind]) == Measured::Unknown);
        assert_eq!(unknown.collect::<Vec<_>>(), [40, 41, 43, 44, 47, 55, 56]);
    }

    #[test]
    fn a_length_that_stands_in_the_record_needs_its_fixed_part() {
        for kind in 0..=101 {
            let mut head = [0; 200];
            head[0] = kind;
            let Measured::Needs(fixed) = measure(&head[..1]) else { continue };
            assert_eq!(measure(&head[..fixed - 1]), Measured::Needs(fixed), "{kind}");
            assert_eq!(measure(&head[..fixed]), Measured::Bytes(fixed as u64), "{kind}");
        }
    }

    #[test]
    fn fields_are_added() {
        let mut split = vec![0; 110];
        split[0] = 62;
        split[96] = 1;
        split[99] = 1;
        split[100] = 3;
        split[106..110].fill(0xff);
        assert_eq!(measure(&split), Measured::Bytes(110 + 1 + 256 + 3 + 0xffff_ffff));
        let mut replace = vec![0; 50];
        replace[0] = 33;
        replace[44..46].fill(0xff);
        assert_eq!(measure(&replace), Measured::Bytes(50 + 0x7fff));
        let mut create = vec![0; 43];
        create[0] = 14;
        create[40] = 9;
        assert_eq!(measure(&create), Measured::Bytes(52));
        create[42] = 4;
        assert_eq!(measure(&create), Measured::Bytes(56));
    }
}
