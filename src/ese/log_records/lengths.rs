//! How long a record is.
//!
//! Source: `dev/ese/src/ese/_log/logread.cxx`, `CbLGSizeOfRec`; `dev/ese/src/inc/logapi.hxx`. Records
//! are packed. Seven types of old engines are not in the published source: whoever meets one cannot
//! know where the next record begins.

/// Most bytes of a record, fragments joined. The largest that an engine writes holds little more than
/// a page or two, of 32 KiB at most; what claims more is no record.
pub const LARGEST_RECORD_BYTES: u32 = 1 << 20;

/// What a length is made of.
#[derive(Clone, Copy)]
enum Length {
    Fixed(u32),
    /// A fixed part, and fields in it that are added.
    Sum(u32, &'static [Field]),
    /// A fixed part, fields in it that are added, and four bytes more where the byte at an offset has one of these bits.
    SumOrFourMore(u32, &'static [Field], usize, u8),
    /// No source knows it.
    Unknown,
    /// There is no such type.
    NoSuchType,
}

/// A field that is added to a length: some bits of the 32 at an offset.
#[derive(Clone, Copy)]
struct Field(usize, u32);

const SHORT: u32 = 0xffff;
const LOWER_15: u32 = 0x7fff;
const LONG: u32 = 0xffff_ffff;

impl Field {
    #[inline]
    fn value(self, head: &[u8]) -> u64 {
        let Self(at, bits) = self;
        let behind = head.get(at..).unwrap_or_default();
        let value = match behind.first_chunk() {
            Some(bytes) => u32::from_le_bytes(*bytes),
            None => behind.first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes).into()),
        };
        (value & bits).into()
    }
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
#[inline]
pub(super) fn measure(head: &[u8]) -> Measured {
    let Some(&number) = head.first() else { return Measured::Needs(1) };
    let (fixed, fields, more) = match LENGTHS[usize::from(number)] {
        Length::Fixed(bytes) => return Measured::Bytes(bytes.into()),
        Length::Sum(fixed, fields) => (fixed, fields, 0),
        Length::SumOrFourMore(fixed, fields, at, bits) => {
            let has_more = head.get(at).is_some_and(|byte| byte & bits != 0);
            (fixed, fields, if has_more { 4 } else { 0 })
        }
        Length::Unknown => return Measured::Unknown,
        Length::NoSuchType => return Measured::NoSuchType,
    };
    if head.len() < fixed as usize {
        return Measured::Needs(fixed as usize);
    }
    let added: u64 = fields.iter().map(|field| field.value(head)).sum();
    Measured::Bytes(u64::from(fixed) + added + more)
}

/// The lengths of all types. It is asked for each record of a log.
static LENGTHS: [Length; 256] = {
    let mut all = [Length::NoSuchType; 256];
    let mut kind = 0;
    while kind < all.len() {
        all[kind] = length(kind as u8);
        kind += 1;
    }
    all
};

const fn length(kind: u8) -> Length {
    use Length::{Fixed, NoSuchType, Sum, SumOrFourMore, Unknown};
    match kind {
        0 | 4 | 17 | 23 => Fixed(1),
        1 => Fixed(568),
        2 | 18 | 99 => Fixed(18),
        3 | 51 => Fixed(9),
        5..=7 | 21 | 79 => Fixed(4),
        8 | 9 | 53 => Fixed(8),
        10 => Fixed(7),
        11..=13 | 100 => Fixed(11),
        14 => SumOrFourMore(43, &[Field(40, SHORT)], 42, 4),
        15 => Sum(75, &[Field(72, SHORT)]),
        16 => Sum(7, &[Field(4, SHORT)]),
        19 | 20 | 45 | 59 | 77 => Sum(3, &[Field(1, SHORT)]),
        22 | 46 | 61 => Sum(5, &[Field(3, SHORT)]),
        24 => Fixed(56),
        25 => Fixed(48),
        26 => Fixed(60),
        27 => Sum(102, &[Field(96, SHORT), Field(98, SHORT), Field(100, SHORT)]),
        28 => Sum(88, &[Field(86, SHORT)]),
        29 => Sum(50, &[Field(44, SHORT), Field(46, SHORT), Field(48, SHORT)]),
        30 => Sum(48, &[Field(44, SHORT), Field(46, SHORT)]),
        31 => Sum(52, &[Field(44, SHORT), Field(46, SHORT)]),
        32 | 35 => Fixed(44),
        33 | 34 => Sum(50, &[Field(44, LOWER_15)]),
        36 => Sum(56, &[Field(44, SHORT), Field(46, SHORT), Field(54, SHORT)]),
        37 => Sum(54, &[Field(44, SHORT), Field(46, SHORT)]),
        38 | 48 => Sum(46, &[Field(44, SHORT)]),
        39 => Sum(51, &[Field(44, SHORT), Field(46, SHORT)]),
        42 => Fixed(22),
        49 => Fixed(576),
        50 | 52 | 80 => Fixed(26),
        54 => Sum(7, &[Field(3, LONG)]),
        57 => Fixed(3),
        58 => Fixed(68),
        60 => Sum(35, &[Field(33, SHORT)]),
        62 => Sum(110, &[Field(96, SHORT), Field(98, SHORT), Field(100, SHORT), Field(106, LONG)]),
        63 => Sum(96, &[Field(86, SHORT), Field(92, LONG)]),
        64 => Sum(54, &[Field(52, SHORT)]),
        65 => Sum(96, &[Field(88, LONG), Field(92, LONG)]),
        66 => Fixed(46),
        67..=75 | 82..=91 => Sum(5, &[Field(1, LONG)]),
        76 => Sum(7, &[Field(5, SHORT)]),
        78 | 81 | 94 => Fixed(10),
        92 => Fixed(14),
        93 => Sum(58, &[Field(44, SHORT), Field(46, SHORT)]),
        95 => Fixed(20),
        96 => Fixed(16),
        97 => Fixed(2),
        98 => Fixed(27),
        101 => Fixed(19),
        40 | 41 | 43 | 44 | 47 | 55 | 56 => Unknown,
        102.. => NoSuchType,
    }
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
