//! The header of a transaction log: 4096 bytes at the start of the file, without a second copy.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use zerocopy::little_endian::{I32, U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::attach_list::{ATTACH_LIST_BYTES, AttachListError, AttachedDatabase, parse_attach_list};
use super::{DbmsParam, FileType, LgPos, LogTime, RawDbmsParam, RawLgPos, Signature, checksum};

/// Bytes of the header, whatever the sector size.
pub const LOG_HEADER_BYTES: usize = 4096;

/// Log flag: this log was written in the space of a reserve log.
pub const LOG_FLAG_RESERVE_USED: u8 = 0x01;

/// Log flag: circular logging was on when the log was created.
pub const LOG_FLAG_CIRCULAR_NOW: u8 = 0x02;

/// Log flag: circular logging was on in some earlier log.
pub const LOG_FLAG_CIRCULAR_BEFORE: u8 = 0x04;

/// The log header as stored. Source: `dev/ese/src/inc/log.hxx`.
#[derive(Clone, Copy, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct RawLogHeader {
    /// Offset 0: XOR checksum of the 4096 bytes (`checksum::xor_short`).
    pub checksum: U32,
    /// Offset 4: log generation, the authoritative one.
    pub generation: I32,
    /// Offset 8: sector size, bytes: 512 in Exchange 2000 and 2003, 4096 from version 8 on.
    pub sector_bytes: U16,
    /// Offset 10: sectors of the header.
    pub header_sectors: U16,
    /// Offset 12: sectors of the file, header included.
    pub file_sectors: U16,
    /// Offset 14: page size of the databases, bytes; 0 = 4096.
    pub page_bytes: U16,
    /// Offset 16: creation time.
    pub create_time: LogTime,
    /// Offset 24: creation time of the previous log; zero in the first log of a stream.
    pub previous_create_time: LogTime,
    /// Offset 32: version, first number: 7 or 8.
    pub version_major: U32,
    /// Offset 36: second number: 3704 or 4000.
    pub version_minor: U32,
    /// Offset 40: third number.
    pub version_update_major: U32,
    /// Offset 44: identity of the log stream.
    pub log_signature: Signature,
    /// Offset 72: environment of the engine.
    pub environment: RawDbmsParam,
    /// Offset 639: [`LOG_FLAG_CIRCULAR_NOW`] and others.
    pub flags: u8,
    /// Offset 640: checkpoint when the log was created; zero in old versions.
    pub checkpoint_pos: RawLgPos,
    /// Offset 648: version, fourth number; zero in old versions.
    pub version_update_minor: U32,
    /// Offset 652: true sector size of the disk: 0 unknown, 1 the same, 2-5 = 512-4096, 255 other.
    pub disk_sector_code: u8,
    /// Offset 653: accumulated segment checksum of the previous log; zero in old versions.
    pub previous_segment_checksum: U64,
    /// Offset 661: engine format version; zero in old versions.
    pub engine_version: U32,
    /// Offset 665: reserved.
    pub reserved_665: [u8; 2],
    /// Offset 667: [`FileType`]; unaligned; zero before 7.3704.5.
    pub file_type: U32,
    /// Offset 671: databases attached when the log was created ([`parse_attach_list`]).
    pub attach_list: [u8; ATTACH_LIST_BYTES],
    /// Offset 2719: zero.
    pub reserved_2719: [u8; 1377],
}

/// Where the attach list of a log header begins, bytes.
pub const LOG_ATTACH_LIST_OFFSET: usize = 671;

const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<RawLogHeader>() == LOG_HEADER_BYTES);
    assert!(offset_of!(RawLogHeader, generation) == 4);
    assert!(offset_of!(RawLogHeader, sector_bytes) == 8);
    assert!(offset_of!(RawLogHeader, header_sectors) == 10);
    assert!(offset_of!(RawLogHeader, file_sectors) == 12);
    assert!(offset_of!(RawLogHeader, page_bytes) == 14);
    assert!(offset_of!(RawLogHeader, create_time) == 16);
    assert!(offset_of!(RawLogHeader, previous_create_time) == 24);
    assert!(offset_of!(RawLogHeader, version_major) == 32);
    assert!(offset_of!(RawLogHeader, version_minor) == 36);
    assert!(offset_of!(RawLogHeader, version_update_major) == 40);
    assert!(offset_of!(RawLogHeader, log_signature) == 44);
    assert!(offset_of!(RawLogHeader, environment) == 72);
    assert!(offset_of!(RawLogHeader, flags) == 639);
    assert!(offset_of!(RawLogHeader, checkpoint_pos) == 640);
    assert!(offset_of!(RawLogHeader, version_update_minor) == 648);
    assert!(offset_of!(RawLogHeader, disk_sector_code) == 652);
    assert!(offset_of!(RawLogHeader, previous_segment_checksum) == 653);
    assert!(offset_of!(RawLogHeader, engine_version) == 661);
    assert!(offset_of!(RawLogHeader, reserved_665) == 665);
    assert!(offset_of!(RawLogHeader, file_type) == FileType::OFFSET);
    assert!(offset_of!(RawLogHeader, attach_list) == LOG_ATTACH_LIST_OFFSET);
    assert!(offset_of!(RawLogHeader, reserved_2719) == 2719);
};

/// The first minor update whose header keeps the checksum of all segments of the log before. Source:
/// `dev/ese/src/inc/_logversion.hxx`.
const FIRST_UPDATE_WITH_PREVIOUS_CHECKSUM: u32 = 13;

/// Version of a log's format. The order is that of age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogVersion {
    /// 7: sectors; 8: segments of 4096 bytes with ECC.
    pub major: u32,
    /// 3704 with 7, 4000 with 8.
    pub minor: u32,
    /// 5 = Exchange 2003.
    pub update_major: u32,
    /// Always 0 with 7.
    pub update_minor: u32,
}

impl LogVersion {
    /// Exchange 2000.
    pub const EXCHANGE_2000: Self = Self::sector_based(4);

    /// Exchange 2003: the first whose header has a file type.
    pub const EXCHANGE_2003: Self = Self::sector_based(5);

    const fn sector_based(update_major: u32) -> Self {
        Self { major: 7, minor: 3704, update_major, update_minor: 0 }
    }

    /// Whether the header has the layout of [`RawLogHeader`].
    pub fn is_known(self) -> bool {
        matches!((self.major, self.minor), (7, 3704) | (8, 4000))
    }

    /// Whether the header keeps the checksum of all segments of the log before.
    pub fn keeps_previous_checksum(self) -> bool {
        self.is_segmented() && self.update_minor >= FIRST_UPDATE_WITH_PREVIOUS_CHECKSUM
    }

    /// Whether the file is made of segments with checksums of their own.
    pub fn is_segmented(self) -> bool {
        self.major >= 8
    }
}

/// `7.3704.5.0`, the numbers that `eseutil /ml` prints.
impl fmt::Display for LogVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}.{}", self.major, self.minor, self.update_major, self.update_minor)
    }
}

impl Serialize for LogVersion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for LogVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LogVersion".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^\d+\.\d+\.\d+\.\d+$" })
    }
}

/// The first thing that is wrong with a log header, in the order in which the engine looks.
/// Source: `dev/ese/src/ese/_log/log.cxx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogHeaderFault {
    /// The file is shorter than a header.
    TooShort,
    /// The checksum is wrong. A fill file (reserve log, unused next log) fails this way.
    Checksum {
        /// Computed from the bytes.
        expected: u32,
        /// As stored.
        actual: u32,
    },
    /// A log of an engine before format 0x620.
    OldFormat(OldLogFormat),
    /// The file type is neither log nor unknown.
    FileType(FileType),
    /// A version whose layout is not known.
    Version(LogVersion),
    /// An impossible sector size, or one that does not divide the header into its sectors.
    SectorSize {
        /// Stored sector size, bytes.
        sector_bytes: u16,
        /// Stored number of header sectors.
        header_sectors: u16,
    },
    /// The generation is not positive.
    Generation(i32),
    /// The file has not the length that its header states.
    FileSize {
        /// As the header states, bytes.
        expected: u64,
        /// Of the file, bytes.
        actual: u64,
    },
}

/// Engines whose logs have another header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OldLogFormat {
    /// Format 200.
    Jet200,
    /// Format 400.
    Jet400,
    /// Format 500: Exchange 4.0 and 5.0.
    Jet500,
}

/// A log header that was read.
#[derive(Clone)]
pub struct LogHeader {
    /// Every field as stored.
    pub raw: RawLogHeader,
}

impl LogHeader {
    /// Reads the header at the start of a file; `None` where there are less than
    /// [`LOG_HEADER_BYTES`]. Nothing is validated.
    pub fn parse(file_start: &[u8]) -> Option<Self> {
        RawLogHeader::read_from_prefix(file_start).ok().map(|(raw, _)| Self { raw })
    }

    /// Reads the header and makes every check that needs only the file. `file_bytes` is the
    /// length of the file.
    ///
    /// # Errors
    /// The first fault.
    pub fn validate(file_start: &[u8], file_bytes: u64) -> Result<Self, LogHeaderFault> {
        let header = Self::parse(file_start).ok_or(LogHeaderFault::TooShort)?;
        match header.fault(file_bytes) {
            Some(fault) => Err(fault),
            None => Ok(header),
        }
    }

    /// The first fault; `file_bytes` is the length of the file.
    pub fn fault(&self, file_bytes: u64) -> Option<LogHeaderFault> {
        self.checksum_fault()
            .or_else(|| self.old_format().map(LogHeaderFault::OldFormat))
            .or_else(|| self.file_type_fault())
            .or_else(|| self.layout_fault())
            .or_else(|| self.file_size_fault(file_bytes))
    }

    fn checksum_fault(&self) -> Option<LogHeaderFault> {
        let expected = checksum::xor_short(self.raw.as_bytes());
        let actual = self.raw.checksum.get();
        (expected != actual).then_some(LogHeaderFault::Checksum { expected, actual })
    }

    /// Old logs are told by numbers that they have where this header has others.
    fn old_format(&self) -> Option<OldLogFormat> {
        let dword = |offset: usize| {
            let field = self.raw.as_bytes()[offset..].first_chunk();
            field.map_or(0, |bytes| u32::from_le_bytes(*bytes))
        };
        if dword(24) == 4 && matches!(dword(28), 909 | 995) && dword(32) == 0 {
            Some(OldLogFormat::Jet500)
        } else if (dword(20), dword(24), dword(28)) == (443, 0, 0) {
            Some(OldLogFormat::Jet400)
        } else if (dword(44), dword(48)) == (0, 0x0ca0_0001) {
            Some(OldLogFormat::Jet200)
        } else {
            None
        }
    }

    fn file_type_fault(&self) -> Option<LogHeaderFault> {
        let file_type = self.file_type();
        let accepted = matches!(file_type, FileType::Unknown | FileType::Log);
        (!accepted).then_some(LogHeaderFault::FileType(file_type))
    }

    fn layout_fault(&self) -> Option<LogHeaderFault> {
        let sector_bytes = self.raw.sector_bytes.get();
        let header_sectors = self.raw.header_sectors.get();
        let smallest = if self.version().is_segmented() { 4096 } else { 512 };
        let possible = (smallest..=4096).contains(&sector_bytes);
        let header_bytes = usize::from(sector_bytes) * usize::from(header_sectors);
        if !self.version().is_known() {
            Some(LogHeaderFault::Version(self.version()))
        } else if !possible || header_bytes != LOG_HEADER_BYTES {
            Some(LogHeaderFault::SectorSize { sector_bytes, header_sectors })
        } else if self.generation() <= 0 {
            Some(LogHeaderFault::Generation(self.generation()))
        } else {
            None
        }
    }

    fn file_size_fault(&self, actual: u64) -> Option<LogHeaderFault> {
        let expected = self.stated_file_bytes();
        (expected != actual).then_some(LogHeaderFault::FileSize { expected, actual })
    }

    /// The checksum of all segments of the log before; `None` where the version keeps none.
    pub fn previous_segment_checksum(&self) -> Option<u64> {
        let kept = self.version().keeps_previous_checksum();
        kept.then(|| self.raw.previous_segment_checksum.get())
    }

    /// Log generation.
    pub fn generation(&self) -> i32 {
        self.raw.generation.get()
    }

    /// Version of the format.
    pub fn version(&self) -> LogVersion {
        LogVersion {
            major: self.raw.version_major.get(),
            minor: self.raw.version_minor.get(),
            update_major: self.raw.version_update_major.get(),
            update_minor: self.raw.version_update_minor.get(),
        }
    }

    /// Kind of file that the header claims to belong to.
    pub fn file_type(&self) -> FileType {
        self.raw.file_type.get().into()
    }

    /// Length of the file as the header states it, bytes.
    pub fn stated_file_bytes(&self) -> u64 {
        u64::from(self.raw.file_sectors.get()) * u64::from(self.raw.sector_bytes.get())
    }

    /// Page size of the databases in bytes, the stored 0 read as 4096.
    pub fn page_size_bytes(&self) -> u32 {
        match self.raw.page_bytes.get() {
            0 => 4096,
            size => size.into(),
        }
    }

    /// Environment of the engine that wrote the log.
    pub fn environment(&self) -> DbmsParam {
        DbmsParam::from(&self.raw.environment)
    }

    /// Whether circular logging was on, now or in an earlier log.
    pub fn circular_logging(&self) -> bool {
        self.raw.flags & (LOG_FLAG_CIRCULAR_NOW | LOG_FLAG_CIRCULAR_BEFORE) != 0
    }

    /// Checkpoint when the log was created; unset in old versions.
    pub fn checkpoint(&self) -> LgPos {
        self.raw.checkpoint_pos.into()
    }

    /// Databases attached when the log was created.
    ///
    /// # Errors
    /// If the list is damaged.
    pub fn attached(&self) -> Result<Vec<AttachedDatabase>, AttachListError> {
        parse_attach_list(&self.raw.attach_list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields before the signature of a real log of Windows 2003, generation 0x7f, and no
    /// more; sealed.
    fn legacy_header() -> RawLogHeader {
        let start = hex::decode(concat!(
            "000000007f000000000208000001001002",
            "1a170706720000",
            "011a170706720000",
            "07000000780e000006000000",
        ))
        .unwrap();
        let mut bytes = [0; LOG_HEADER_BYTES];
        bytes[..start.len()].copy_from_slice(&start);
        bytes[667] = 3;
        checksum::seal(&mut bytes);
        RawLogHeader::read_from_bytes(&bytes).unwrap()
    }

    fn fault_after(edit: impl Fn(&mut RawLogHeader)) -> Option<LogHeaderFault> {
        let mut raw = legacy_header();
        edit(&mut raw);
        checksum::seal(raw.as_mut_bytes());
        LogHeader::validate(raw.as_bytes(), 131_072).err()
    }

    #[test]
    fn a_legacy_header() {
        let raw = legacy_header();
        let header = LogHeader::validate(raw.as_bytes(), 131_072).ok().unwrap();
        assert_eq!(header.generation(), 0x7f);
        assert_eq!(header.version().to_string(), "7.3704.6.0");
        assert_eq!(header.stated_file_bytes(), 131_072);
        assert_eq!(header.page_size_bytes(), 4096);
        assert_eq!(raw.create_time.to_string(), "06/07/2014 23:26:02.000 LOC");
        assert_eq!(raw.previous_create_time.to_string(), "06/07/2014 23:26:01.000 LOC");
        assert_eq!(header.attached(), Ok(vec![]));
        assert!(!header.circular_logging());
    }

    #[test]
    fn faults() {
        use LogHeaderFault as Fault;
        assert_eq!(fault_after(|_| ()), None);
        assert_eq!(fault_after(|raw| raw.file_type = 0.into()), None);
        assert_eq!(
            fault_after(|raw| raw.file_type = 4.into()),
            Some(Fault::FileType(FileType::Checkpoint))
        );
        let version = LogVersion { major: 6, minor: 1503, update_major: 6, update_minor: 0 };
        assert_eq!(
            fault_after(|raw| (raw.version_major, raw.version_minor) = (6.into(), 1503.into())),
            Some(Fault::Version(version))
        );
        assert_eq!(
            fault_after(|raw| (raw.version_major, raw.version_minor) = (8.into(), 4000.into())),
            Some(Fault::SectorSize { sector_bytes: 512, header_sectors: 8 })
        );
        assert_eq!(
            fault_after(|raw| raw.sector_bytes = 0.into()),
            Some(Fault::SectorSize { sector_bytes: 0, header_sectors: 8 })
        );
        assert_eq!(fault_after(|raw| raw.generation = 0.into()), Some(Fault::Generation(0)));
        assert_eq!(
            fault_after(|raw| raw.file_sectors = 10240.into()),
            Some(Fault::FileSize { expected: 5 * 1024 * 1024, actual: 131_072 })
        );
    }

    #[test]
    fn faults_of_files_that_are_no_logs() {
        let too_short = LogHeader::validate(&[0; LOG_HEADER_BYTES - 1], 4095).err();
        assert_eq!(too_short, Some(LogHeaderFault::TooShort));
        let zeros = LogHeader::validate(&[0; LOG_HEADER_BYTES], 4096).err();
        let expected = LogHeaderFault::Checksum { expected: 0x89ab_cdef, actual: 0 };
        assert_eq!(zeros, Some(expected));
    }

    #[test]
    fn logs_of_older_engines() {
        let cases: [(&[(usize, u32)], OldLogFormat); 4] = [
            (&[(24, 4), (28, 909), (32, 0)], OldLogFormat::Jet500),
            (&[(24, 4), (28, 995), (32, 0)], OldLogFormat::Jet500),
            (&[(20, 443), (24, 0), (28, 0)], OldLogFormat::Jet400),
            (&[(44, 0), (48, 0x0ca0_0001)], OldLogFormat::Jet200),
        ];
        for (fields, format) in cases {
            let fault = fault_after(|raw| {
                for &(offset, value) in fields {
                    raw.as_mut_bytes()[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
                }
            });
            assert_eq!(fault, Some(LogHeaderFault::OldFormat(format)));
        }
    }

    #[test]
    fn versions_are_ordered_by_age() {
        assert!(LogVersion::EXCHANGE_2000 < LogVersion::EXCHANGE_2003);
        let newest = LogVersion { major: 8, minor: 4000, update_major: 130, update_minor: 280 };
        assert!(LogVersion::EXCHANGE_2003 < newest);
        assert!(newest.is_known() && newest.is_segmented());
    }
}
