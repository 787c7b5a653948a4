//! One database: two header copies and data pages in the format that its revision has.

use zerocopy::{FromZeros, IntoBytes};

use super::noise::fill_with_noise;
use super::recipe::{local_time, signature};
use crate::ese::page::{FLAG_NEW_CHECKSUM, seal_page};
use crate::ese::{LgPos, LogTime, RawDbHeader, Signature, checksum, db_header};

/// First format revision whose pages have the ECC checksum.
const FIRST_REVISION_WITH_ECC: u32 = 0xb;

/// The revision with which newer engines create a database, to raise it right after.
const NEWEST_CREATION_REVISION: u32 = 0x14;

/// A position in the log stream and its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Position in the log stream.
    pub pos: LgPos,
    /// Time of it.
    pub time: LogTime,
}

/// A database to be built. What has no field here stays zero; [`super::edit_header`] sets it.
#[derive(Clone, Debug)]
pub struct DatabaseRecipe {
    /// Page size as stored: 2048, 4096, 8192, 16384, 32768, or 0 for 4096.
    pub page_size: u32,
    /// Format revision, major and minor. From 0xb on the pages have the ECC checksum.
    pub revision: (u32, u32),
    /// State as stored: 3 = clean, 2 = dirty.
    pub state: u32,
    /// Data pages; the last quarter of them is empty.
    pub pages: u32,
    /// 0 = database, 1 = streaming file, whose pages have neither structure nor checksum.
    pub attribute: u32,
    /// File type as stored; 0 in old files.
    pub file_type: u32,
    /// Database id, 1-6.
    pub dbid: u32,
    /// Operating system: major, minor, build, service pack.
    pub os: (u32, u32, u32, i32),
    /// Identity of the database.
    pub db_signature: Signature,
    /// Log stream of the last attach.
    pub log_signature: Signature,
    /// Identity of the streaming file; where it is set, a database says that it has one.
    pub slv_signature: Signature,
    /// Last attach.
    pub last_attach: Moment,
    /// Last detach, and last consistent point.
    pub last_detach: Moment,
    /// First and last log generation that recovery needs; zero when clean.
    pub log_required: (i32, i32),
}

/// A clean database of Exchange 2003 with 16 pages of 4 KiB.
impl Default for DatabaseRecipe {
    fn default() -> Self {
        let moment = |generation, sector, offset, hours| Moment {
            pos: LgPos { generation, sector, offset },
            time: local_time(106, 3, 7, hours, 14, 20),
        };
        Self {
            page_size: 4096,
            revision: (9, 0),
            state: 3,
            pages: 16,
            attribute: 0,
            file_type: 1,
            dbid: 1,
            os: (5, 2, 3790, 2),
            db_signature: signature(606_486_607, local_time(106, 3, 7, 9, 14, 22)),
            log_signature: signature(607_052_340, local_time(106, 3, 7, 9, 14, 20)),
            slv_signature: Signature::default(),
            last_attach: moment(1, 9, 0x1c, 9),
            last_detach: moment(5, 0x2f, 0x7b, 12),
            log_required: (0, 0),
        }
    }
}

impl DatabaseRecipe {
    /// The default with another page size and revision, and with the file type that revisions
    /// behind 9 have.
    pub fn of_format(page_size: u32, revision: (u32, u32)) -> Self {
        let file_type = u32::from(revision.0 >= 9);
        Self { page_size, revision, file_type, ..Self::default() }
    }

    /// A database that was not shut down cleanly, and needs these generations, but else as this one.
    pub fn dirty(self, first_required: i32, last_required: i32) -> Self {
        let log_required = (first_required, last_required);
        Self { state: 2, last_detach: Moment::default(), log_required, ..self }
    }

    /// Bytes of a page: the stored size, 0 read as 4096.
    pub fn page_bytes(&self) -> usize {
        match self.page_size {
            0 => 4096,
            size => size as usize,
        }
    }

    /// The file.
    ///
    /// # Panics
    /// If the page size is less than 2048.
    pub fn build(&self) -> Vec<u8> {
        assert!(self.page_bytes() >= 2048, "a page of {} bytes", self.page_bytes());
        let header = self.header_page();
        let mut file = [header.clone(), header].concat();
        for number in 1..=self.pages {
            file.extend(self.data_page(number));
        }
        file
    }

    /// Pages with content; the rest is empty.
    fn used_pages(&self) -> u32 {
        self.pages - self.pages / 4
    }

    fn header_page(&self) -> Vec<u8> {
        let mut page = vec![0; self.page_bytes()];
        let header = self.header();
        page[..size_of::<RawDbHeader>()].copy_from_slice(header.as_bytes());
        checksum::seal(&mut page);
        page
    }

    fn header(&self) -> RawDbHeader {
        let mut raw = RawDbHeader::new_zeroed();
        raw.magic = db_header::MAGIC.into();
        raw.version = db_header::FORMAT_VERSION.into();
        raw.attribute = self.attribute.into();
        raw.db_time = page_db_time(self.pages + 1).into();
        raw.dbid = self.dbid.into();
        raw.last_objid = LAST_OBJECT_ID.into();
        raw.page_size = self.page_size.into();
        raw.file_type = self.file_type.into();
        self.set_identity(&mut raw);
        self.set_history(&mut raw);
        self.set_versions(&mut raw);
        raw
    }

    fn set_identity(&self, raw: &mut RawDbHeader) {
        raw.db_signature = self.db_signature;
        raw.log_signature = self.log_signature;
        raw.slv_signature = self.slv_signature;
        if self.attribute == 0 && !self.slv_signature.is_unset() {
            raw.flags[0] = db_header::FLAG_STREAMING_FILE;
        }
    }

    fn set_history(&self, raw: &mut RawDbHeader) {
        raw.state = self.state.into();
        raw.last_consistent_pos = self.last_detach.pos.into();
        raw.last_consistent_time = self.last_detach.time;
        raw.last_attach_pos = self.last_attach.pos.into();
        raw.last_attach_time = self.last_attach.time;
        raw.last_detach_pos = self.last_detach.pos.into();
        raw.last_detach_time = self.last_detach.time;
        raw.gen_min_required = self.log_required.0.into();
        raw.gen_max_required = self.log_required.1.into();
    }

    fn set_versions(&self, raw: &mut RawDbHeader) {
        let (major, minor) = self.revision;
        raw.revision = major.into();
        raw.revision_minor = minor.into();
        raw.created_version = db_header::FORMAT_VERSION.into();
        raw.created_revision = major.min(NEWEST_CREATION_REVISION).into();
        raw.os_major = self.os.0.into();
        raw.os_minor = self.os.1.into();
        raw.os_build = self.os.2.into();
        raw.os_service_pack = self.os.3.into();
    }

    fn data_page(&self, number: u32) -> Vec<u8> {
        let mut page = vec![0; self.page_bytes()];
        if number > self.used_pages() {
            return page;
        }
        let seed = self.db_signature.random.get() ^ number;
        if self.attribute != 0 {
            fill_with_noise(&mut page, seed);
            return page;
        }
        let siblings = (number - 1, if number < self.used_pages() { number + 1 } else { 0 });
        let has_ecc = self.revision.0 >= FIRST_REVISION_WITH_ECC;
        write_leaf(&mut page, page_db_time(number), siblings, has_ecc, seed);
        seal_page(&mut page, number);
        page
    }
}

/// Object id of the one table of which all pages are leaves.
pub(super) const OBJECT_ID: u32 = 6;

/// The largest object id, as the header states it.
pub(super) const LAST_OBJECT_ID: u32 = 29;

/// Time stamp of a page, a counter; page 1 has the oldest.
fn page_db_time(number: u32) -> u64 {
    200 + 7 * u64::from(number)
}

/// Writes a leaf page: header, 16 bytes of key prefix, records of noise, and the tags at its end,
/// each with size and offset of a record. Source: `dev/ese/src/inc/cpage.hxx`.
fn write_leaf(page: &mut [u8], db_time: u64, siblings: (u32, u32), has_ecc: bool, seed: u32) {
    const LEAF: u32 = 0x2;
    const NEW_RECORD_FORMAT: u32 = 0x800;
    const PREFIX_BYTES: usize = 16;
    const RECORD_BYTES: usize = 90;
    const TAG_BYTES: usize = 4;
    let header_bytes = if page.len() > 8192 { 80 } else { 40 };
    let body_bytes = page.len() - header_bytes;
    let records = body_bytes * 3 / 4 / (RECORD_BYTES + TAG_BYTES);
    let first_free = PREFIX_BYTES + records * RECORD_BYTES;
    let free = body_bytes - first_free - (records + 1) * TAG_BYTES;

    let flags = LEAF | NEW_RECORD_FORMAT | if has_ecc { FLAG_NEW_CHECKSUM } else { 0 };
    put(page, 8, &db_time.to_le_bytes());
    put(page, 16, &siblings.0.to_le_bytes());
    put(page, 20, &siblings.1.to_le_bytes());
    put(page, 24, &OBJECT_ID.to_le_bytes());
    put(page, 28, &small(free).to_le_bytes());
    put(page, 32, &small(first_free).to_le_bytes());
    put(page, 34, &small(records + 1).to_le_bytes());
    put(page, 36, &flags.to_le_bytes());
    fill_with_noise(&mut page[header_bytes + PREFIX_BYTES..header_bytes + first_free], seed);

    let mut tag_at = page.len() - TAG_BYTES;
    put(page, tag_at, &small(PREFIX_BYTES).to_le_bytes());
    for record in 0..records {
        tag_at -= TAG_BYTES;
        put(page, tag_at, &small(RECORD_BYTES).to_le_bytes());
        put(page, tag_at + 2, &small(PREFIX_BYTES + record * RECORD_BYTES).to_le_bytes());
    }
}

fn put(page: &mut [u8], offset: usize, bytes: &[u8]) {
    page[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// A size or offset inside a page.
fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ese::page::check_page;
    use crate::ese::{DbHeader, DbState, PageVerdict};

    fn check_pages(file: &[u8], page_bytes: usize) -> (usize, usize) {
        let mut counts = (0, 0);
        for (number, page) in (1..).zip(file.chunks_exact(page_bytes).skip(2)) {
            match check_page(page, number) {
                PageVerdict::Ok => counts.0 += 1,
                PageVerdict::Empty => counts.1 += 1,
                verdict @ PageVerdict::Bad(_) => panic!("page {number}: {verdict:?}"),
            }
        }
        counts
    }

    #[test]
    fn every_page_size_in_every_format() {
        for page_size in [0, 2048, 4096, 8192, 16384, 32768] {
            for revision in [(9, 0), (0xb, 0), (0x14, 0), (0x6e, 0xf0)] {
                let recipe = DatabaseRecipe::of_format(page_size, revision);
                let file = recipe.build();
                let page_bytes = recipe.page_bytes();
                assert_eq!(file.len(), 18 * page_bytes);
                assert!(checksum::is_valid(&file[..page_bytes]));
                assert!(file[..page_bytes] == file[page_bytes..2 * page_bytes]);
                assert_eq!(check_pages(&file, page_bytes), (12, 4));
                let ecc = file[2 * page_bytes + 37] & 0x20 != 0;
                assert_eq!(ecc, revision.0 >= 0xb);
            }
        }
    }

    #[test]
    fn the_header_says_what_the_recipe_says() {
        let header = DbHeader::parse(&DatabaseRecipe::of_format(0, (0x14, 0)).build()).unwrap();
        assert_eq!(header.page_size_bytes(), 4096);
        assert_eq!(header.raw.page_size, 0);
        assert_eq!(header.state(), DbState::CleanShutdown);
        assert_eq!(header.last_consistent(), header.last_detach());
        assert!(!header.has_streaming_file());
        let dirty = DatabaseRecipe::default().dirty(4, 5).build();
        let header = DbHeader::parse(&dirty).unwrap();
        assert_eq!(header.state(), DbState::DirtyShutdown);
        assert!(header.last_detach().is_unset());
        assert_eq!(
            (header.raw.gen_min_required, header.raw.gen_max_required),
            (4.into(), 5.into())
        );
    }

    #[test]
    fn a_database_without_pages() {
        let recipe = DatabaseRecipe { pages: 0, ..DatabaseRecipe::default() };
        assert_eq!(recipe.build().len(), 8192);
    }
}
