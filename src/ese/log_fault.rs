//! What is wrong with a log header, in words: where, what was found, what was expected.

use std::fmt;

use super::log_header::LOG_HEADER_BYTES;
use super::{LogHeaderFault, OldLogFormat};

impl LogHeaderFault {
    /// The error with which the engine refuses such a log.
    pub fn jet_error(&self) -> i32 {
        match self {
            Self::TooShort | Self::FileSize { .. } => -541,
            Self::OldFormat(_) | Self::Version(_) => -514,
            _ => -501,
        }
    }
}

impl fmt::Display for LogHeaderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort => {
                write!(f, "the file ends inside of the header; expected {LOG_HEADER_BYTES} bytes")
            }
            Self::Checksum { expected, actual } => write!(
                f,
                "checksum at offset 0: found 0x{actual:08x}, expected 0x{expected:08x} from the bytes"
            ),
            Self::OldFormat(format) => {
                write!(f, "the numbers at offsets 20 to 51 are those of {}", engine(*format))
            }
            Self::FileType(found) => {
                write!(f, "file type at offset 667: found {}, expected 3 or 0", found.value())
            }
            Self::Version(found) => {
                write!(f, "version at offset 32: found {found}, expected 7.3704.x or 8.4000.x")
            }
            Self::SectorSize { sector_bytes, header_sectors } => write!(
                f,
                "sector size at offset 8: found {header_sectors} header sectors of {sector_bytes} \
                 bytes, expected {LOG_HEADER_BYTES} bytes together"
            ),
            Self::Generation(found) => {
                write!(f, "lGeneration at offset 4: found {found}, expected 1 or more")
            }
            Self::FileSize { expected, actual } => write!(
                f,
                "length of the file: found {actual} bytes, expected {expected} (its sectors, offset 12, \
                 times their size, offset 8)"
            ),
        }
    }
}

fn engine(format: OldLogFormat) -> &'static str {
    match format {
        OldLogFormat::Jet200 => "an engine of format 200",
        OldLogFormat::Jet400 => "an engine of format 400",
        OldLogFormat::Jet500 => "an engine of format 500 (Exchange 4.0 or 5.0)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_where_what_and_what_else() {
        let size = LogHeaderFault::FileSize { expected: 5_242_880, actual: 131_072 };
        assert_eq!(
            size.to_string(),
            "length of the file: found 131072 bytes, expected 5242880 (its sectors, offset 12, times \
             their size, offset 8)"
        );
        let checksum = LogHeaderFault::Checksum { expected: 0x89ab_cdef, actual: 0 };
        assert_eq!(
            checksum.to_string(),
            "checksum at offset 0: found 0x00000000, expected 0x89abcdef from the bytes"
        );
    }
}
