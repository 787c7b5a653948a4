//! The rebuilt header: each field with its value and its source.

use std::mem::offset_of;

use zerocopy::{FromZeros, IntoBytes};

use crate::ese::db_header::{DB_HEADER_BYTES, FORMAT_VERSION, MAGIC};
use crate::ese::format_table::{
    CREATION_REVISION, DbRevision, FIRST_REVISION_WITH_ECC, FIRST_REVISION_WITH_LARGE_PAGES,
    revision_by_log,
};
use crate::ese::{DbHeader, FileType, LgPos, LogTime, RawDbHeader, Signature, checksum};
use crate::survey::PageProof;

use super::older_header::OlderHeader;
use super::tail::LogTail;
use super::tale::{DatabaseTale, Moment};

/// States of a database, as stored.
const DIRTY: u32 = 2;
const CLEAN: u32 = 3;

/// The first revisions that have these fields. Source: headers of real files, and the table of engines.
const FIRST_WITH_SORT_VERSION: u32 = 0x12;
const FIRST_WITH_COMMITTED: u32 = 0xc;
const FIRST_WITH_LAST_RESIZE: u32 = 110;
const FIRST_WITH_REQUIRED_TIME: u32 = 150;

/// The sort version that newer engines write: none of their own.
const NO_SORT_VERSION: u64 = u64::MAX;

/// The largest page of old engines, in bytes.
const LARGEST_OLD_PAGE_BYTES: usize = 8192;

/// Where the value of a field comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// All pages were read, and say so.
    Pages,
    /// The logs, or the checkpoint.
    Logs,
    /// An older header copy, given by `--from`.
    OlderHeader,
    /// The same in every database.
    Format,
    /// Nothing tells it: the value is one that does no harm.
    Unknown,
}

impl Source {
    /// In words, for a column.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Logs => "logs",
            Self::OlderHeader => "older header",
            Self::Format => "format",
            Self::Unknown => "unknown, safe value",
        }
    }
}

/// One field of the rebuilt header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebuiltField {
    /// Its key in JSON.
    pub key: &'static str,
    /// Its label in `eseutil`.
    pub label: &'static str,
    /// Offset inside the header copy, in bytes.
    pub offset: usize,
    /// Its length in bytes.
    pub bytes: usize,
    /// Its value as it is printed.
    pub value: String,
    /// Where that comes from.
    pub source: Source,
}

/// A header page, and where its fields come from.
pub(super) struct RebuiltHeader {
    /// The page, sealed.
    pub page: Vec<u8>,
    /// Its fields, in their order.
    pub fields: Vec<RebuiltField>,
}

/// A field as it is listed: key, label, offset, bytes, value.
type FieldRow = (&'static str, &'static str, usize, usize, fn(&DbHeader) -> String);

/// Makes a row of a field.
macro_rules! row {
    ($key:literal, $label:literal, $field:ident, $value:expr) => {
        ($key, $label, offset_of!(RawDbHeader, $field), size_of_field(|raw| &raw.$field), $value)
    };
}

const fn size_of_field<T>(_: fn(&RawDbHeader) -> &T) -> usize {
    size_of::<T>()
}

/// The fields that a rebuilt header has. What is not listed, and not taken from an older header, is zero.
const ROWS: [FieldRow; 27] = [
    row!("checksum", "Checksum", checksum, |h| format!("0x{:08x}", h.raw.checksum)),
    row!("magic", "ulMagic", magic, |h| format!("0x{:08x}", h.raw.magic)),
    row!("version", "Format ulVersion", version, |h| format!("0x{:x}", h.raw.version)),
    row!("dbtime", "Dbtime", db_time, |h| number(h.raw.db_time.get())),
    row!("db_signature", "DB Signature", db_signature, |h| signature(&h.raw.db_signature)),
    row!("state", "State", state, |h| h.state().label().to_owned()),
    row!("last_consistent", "Last Consistent", last_consistent_pos, |h| pos(h.last_consistent())),
    row!("last_consistent_time", "Last Consistent at", last_consistent_time, |h| about(
        h.raw.last_consistent_time
    )),
    row!("last_attach_time", "Last Attach at", last_attach_time, |h| about(h.raw.last_attach_time)),
    row!("last_attach", "Last Attach", last_attach_pos, |h| pos(h.last_attach())),
    row!("last_detach_time", "Last Detach at", last_detach_time, |h| about(h.raw.last_detach_time)),
    row!("last_detach", "Last Detach", last_detach_pos, |h| pos(h.last_detach())),
    row!("dbid", "Dbid", dbid, |h| h.raw.dbid.to_string()),
    row!("log_signature", "Log Signature", log_signature, |h| signature(&h.raw.log_signature)),
    row!("last_objid", "Last Objid", last_objid, |h| h.raw.last_objid.to_string()),
    row!("revision", "Revision", revision, |h| format!("0x{:x}", h.raw.revision)),
    row!("page_size", "cbDbPage", page_size, |h| h.raw.page_size.to_string()),
    row!("gen_min_required", "Log Required, from", gen_min_required, |h| generation(
        h.raw.gen_min_required.get()
    )),
    row!("gen_max_required", "Log Required, to", gen_max_required, |h| generation(
        h.raw.gen_max_required.get()
    )),
    row!("created_version", "Created with", created_version, |h| format!(
        "0x{:x},0x{:x}",
        h.raw.created_version, h.raw.created_revision
    )),
    row!("gen_max_committed", "Log Committed, to", gen_max_committed, |h| generation(
        h.raw.gen_max_committed.get()
    )),
    row!("sort_version", "Sort version", sort_version, |h| format!("0x{:x}", h.raw.sort_version)),
    row!("gen_min_consistent", "Log Consistent", gen_min_consistent, |h| generation(
        h.raw.gen_min_consistent.get()
    )),
    row!("revision_minor", "Revision, minor", revision_minor, |h| h.raw.revision_minor.to_string()),
    row!("last_resize", "Last Resize", last_resize_pos, |h| pos(h.raw.last_resize_pos.into())),
    row!("file_type", "File Type", file_type, |h| h.raw.file_type.to_string()),
    row!("previous_full_backup", "Prev. Full Backup", full_prev, |h| {
        let info = h.backup(crate::ese::BackupField::Full);
        format!("Log Gen: {}-{}", info.gen_low, info.gen_high)
    }),
];

fn number(value: u64) -> String {
    format!("{value} (0x{value:x})")
}

fn generation(value: i32) -> String {
    format!("{value} (0x{value:x})")
}

fn pos(value: LgPos) -> String {
    value.to_string()
}

fn about(time: LogTime) -> String {
    if time.is_unset() { "not known".to_owned() } else { format!("about {time}") }
}

fn signature(signature: &Signature) -> String {
    if signature.is_unset() { "none".to_owned() } else { format!("Rand:{}", signature.random) }
}

/// A header that is made, and where its fields come from.
struct Making {
    raw: RawDbHeader,
    has_base: bool,
    sources: Vec<(&'static str, Source)>,
}

/// Of a database that the logs know, in the state in which they end. `base` gives what never changes.
pub(super) fn by_logs(
    proof: &PageProof,
    tail: &LogTail,
    tale: &DatabaseTale,
    base: Option<&OlderHeader>,
) -> RebuiltHeader {
    let mut making = Making::new(base);
    making.identity(proof, tale.signature, tail.signature, tale.dbid.into(), Source::Logs);
    let newest = proof.newest.map_or(0, |newest| newest.db_time);
    making.raw.db_time = newest.max(tale.newest_stamp()).into();
    making.raw.last_objid = proof.highest_object.max(tale.highest_object).into();
    making.says(if tale.newest_stamp() > newest { &["dbtime"] } else { &[] }, Source::Logs);
    let has_new_objects = tale.highest_object > proof.highest_object;
    making.says(if has_new_objects { &["last_objid"] } else { &[] }, Source::Logs);
    making.revision_by_logs(tale);
    making.attach(tale.attached.unwrap_or(Moment { at: LgPos::default(), about: LogTime::NONE }));
    match tale.detached.filter(|_| !tale.is_attached) {
        Some(detach) => making.clean(detach),
        None => making.dirty(tail, tale),
    }
    making.finish(proof)
}

/// Of a database of which there are only pages: dirty, under a signature that it never had.
pub(super) fn by_pages(proof: &PageProof, fresh: Signature) -> RebuiltHeader {
    let mut making = Making::new(None);
    making.identity(proof, fresh, Signature::default(), 1, Source::Unknown);
    making.raw.db_time = proof.newest.map_or(0, |newest| newest.db_time).into();
    making.raw.last_objid = proof.highest_object.into();
    let revision = match () {
        () if proof.layout.page_size_bytes > LARGEST_OLD_PAGE_BYTES => {
            FIRST_REVISION_WITH_LARGE_PAGES
        }
        () if proof.has_ecc => FIRST_REVISION_WITH_ECC,
        () => 9,
    };
    making.set_revision(DbRevision { major: revision, minor: 0 }, Source::Unknown);
    making.raw.state = DIRTY.into();
    making.says(&["state"], Source::Unknown);
    making.finish(proof)
}

/// An older header as it is.
pub(super) fn as_it_was(older: &OlderHeader) -> RebuiltHeader {
    let rows = rows_of(&older.header, |_| Source::OlderHeader);
    RebuiltHeader { page: older.page().to_vec(), fields: rows }
}

impl Making {
    fn new(base: Option<&OlderHeader>) -> Self {
        let raw = base.map_or_else(RawDbHeader::new_zeroed, |older| older.header.raw);
        Self { raw, has_base: base.is_some(), sources: Vec::new() }
    }

    fn says(&mut self, keys: &[&'static str], source: Source) {
        self.sources.extend(keys.iter().map(|&key| (key, source)));
    }

    fn identity(
        &mut self,
        proof: &PageProof,
        own: Signature,
        stream: Signature,
        dbid: u32,
        source: Source,
    ) {
        let raw = &mut self.raw;
        (raw.magic, raw.version) = (MAGIC.into(), FORMAT_VERSION.into());
        (raw.db_signature, raw.log_signature, raw.dbid) = (own, stream, dbid.into());
        raw.page_size = u32::try_from(proof.layout.page_size_bytes).unwrap_or(0).into();
        if !self.has_base {
            raw.file_type = FileType::Database.value().into();
        }
        // The pair of a flush map is made anew by the engine: taking the old one over would be a guess.
        raw.header_flush_signature = Signature::default();
        raw.flush_map_flush_signature = Signature::default();
        raw.rbs_flush_signature = Signature::default();
        self.says(&["db_signature", "log_signature", "dbid"], source);
        self.says(&["dbtime", "last_objid", "page_size"], Source::Pages);
    }

    fn revision_by_logs(&mut self, tale: &DatabaseTale) {
        match tale.revision {
            Some(raised) => self.set_revision(raised, Source::Logs),
            None if self.has_base => {}
            None => {
                let revision = revision_by_log(tale.engine.version, tale.engine.engine);
                self.set_revision(revision, Source::Logs);
            }
        }
    }

    fn set_revision(&mut self, revision: DbRevision, source: Source) {
        let raw = &mut self.raw;
        raw.revision = revision.major.into();
        raw.revision_minor = revision.minor.into();
        if !self.has_base && revision.major >= CREATION_REVISION {
            raw.created_version = FORMAT_VERSION.into();
            raw.created_revision = CREATION_REVISION.into();
        }
        if !self.has_base && revision.major >= FIRST_WITH_SORT_VERSION {
            raw.sort_version = NO_SORT_VERSION.into();
        }
        self.says(&["revision", "revision_minor"], source);
    }

    fn attach(&mut self, attach: Moment) {
        self.raw.last_attach_pos = attach.at.into();
        self.raw.last_attach_time = attach.about;
        self.says(&["last_attach", "last_attach_time"], Source::Logs);
    }

    fn clean(&mut self, detach: Moment) {
        let raw = &mut self.raw;
        raw.state = CLEAN.into();
        (raw.last_consistent_pos, raw.last_detach_pos) = (detach.at.into(), detach.at.into());
        (raw.last_consistent_time, raw.last_detach_time) = (detach.about, detach.about);
        self.required(0, 0, LogTime::NONE);
        self.resized_at(detach.at);
        self.says(
            &[
                "state",
                "last_consistent",
                "last_consistent_time",
                "last_detach",
                "last_detach_time",
            ],
            Source::Logs,
        );
    }

    fn dirty(&mut self, tail: &LogTail, tale: &DatabaseTale) {
        let raw = &mut self.raw;
        raw.state = DIRTY.into();
        raw.last_consistent_pos = tale.consistent.into();
        raw.last_consistent_time = LogTime::NONE;
        (raw.last_detach_pos, raw.last_detach_time) = (LgPos::default().into(), LogTime::NONE);
        let attach = LgPos::from(raw.last_attach_pos);
        self.required(tail.first_required(), tail.newest, tail.newest_created);
        self.resized_at(attach);
        self.says(&["state", "last_consistent"], Source::Logs);
    }

    fn required(&mut self, first: i32, last: i32, last_created: LogTime) {
        let raw = &mut self.raw;
        (raw.gen_min_required, raw.gen_max_required) = (first.into(), last.into());
        raw.gen_min_consistent = first.into();
        let has_committed = raw.revision.get() >= FIRST_WITH_COMMITTED;
        raw.gen_max_committed = if has_committed { last } else { 0 }.into();
        raw.gen_max_committed_time = last_created;
        let has_time = raw.revision.get() >= FIRST_WITH_REQUIRED_TIME;
        raw.gen_max_required_time = if has_time { last_created } else { LogTime::NONE };
        raw.gen_recovering = 0.into();
        (raw.gen_pre_redo_min_consistent, raw.gen_pre_redo_min_required) = (0.into(), 0.into());
        let keys =
            ["gen_min_required", "gen_max_required", "gen_max_committed", "gen_min_consistent"];
        self.says(&keys, Source::Logs);
    }

    fn resized_at(&mut self, at: LgPos) {
        let has_resize = self.raw.revision.get() >= FIRST_WITH_LAST_RESIZE;
        self.raw.last_resize_pos = if has_resize { at } else { LgPos::default() }.into();
        self.says(&["last_resize"], Source::Logs);
    }

    fn finish(self, proof: &PageProof) -> RebuiltHeader {
        let mut page = vec![0; proof.layout.page_size_bytes];
        page[..DB_HEADER_BYTES].copy_from_slice(self.raw.as_bytes());
        checksum::seal(&mut page);
        let default = if self.has_base { Source::OlderHeader } else { Source::Format };
        let source_of = |key: &str| {
            let told = self.sources.iter().rfind(|(told, _)| *told == key);
            let of_format = matches!(key, "checksum" | "magic" | "version");
            told.map_or(if of_format { Source::Format } else { default }, |(_, source)| *source)
        };
        let header = DbHeader::parse(&page).unwrap_or(DbHeader { raw: self.raw });
        RebuiltHeader { fields: rows_of(&header, source_of), page }
    }
}

/// The fields that have a value.
fn rows_of(header: &DbHeader, source_of: impl Fn(&str) -> Source) -> Vec<RebuiltField> {
    let raw = header.raw.as_bytes();
    let has_value = |row: &&FieldRow| {
        let field = &raw[row.2..row.2 + row.3];
        matches!(row.0, "state" | "dbtime") || field.iter().any(|&byte| byte != 0)
    };
    let field = |&(key, label, offset, bytes, value): &FieldRow| RebuiltField {
        key,
        label,
        offset,
        bytes,
        value: value(header),
        source: source_of(key),
    };
    ROWS.iter().filter(has_value).map(field).collect()
}
