//! What lies around databases, read once for one question: the markers of a folder, and the operations in its
//! default backup folder. Whoever may write to a folder can fill it with files and folders of such names.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::refusal::Refusal;
use crate::storage::{Storage, StorageError};
use crate::survey::{Known, pending_marker};

use super::operation::files::{DEFAULT_BACKUP_DIR, REPORT_NAME, is_operation_folder};
use super::operation::journal::State;
use super::operation::marker::{self, Found, Marker};
use super::stored::{planned_subject, read_stored};

/// The folders of one question, each looked at once.
pub struct Around<'a> {
    /// Where they lie.
    pub storage: &'a dyn Storage,
    markers: Known<ReadMarker>,
    marked: Known<Vec<PathBuf>>,
    read: Known<Markers>,
    operations: Known<Vec<Beside>>,
}

/// What stands where a marker should be.
pub struct ReadMarker {
    /// What it is.
    pub found: Found,
    /// Why this very file cannot be believed, where somebody else can change it.
    pub shared: Option<Refusal>,
}

/// The markers of a folder that say something, or did once; in order.
struct Markers {
    /// Those that are whole, with what they stand beside.
    whole: Vec<(PathBuf, Marker)>,
    /// What those stand beside that are damaged.
    damaged: Vec<PathBuf>,
}

/// An operation on some subject, in the default place beside it.
pub struct Beside {
    /// Its folder.
    pub dir: PathBuf,
    /// Whether its own journal or report says so.
    pub is_ended: bool,
    on: On,
}

/// What an operation is on, as far as its folder says.
enum On {
    Subject(PathBuf),
    /// Its plan has this name; where it lies now is not known.
    Named(Option<OsString>),
    /// Nobody can tell any more.
    Unknown,
}

impl Beside {
    /// Whether it is, or may be, on `subject`.
    pub fn may_be_on(&self, subject: &Path) -> bool {
        match &self.on {
            On::Subject(own) => own == subject,
            On::Named(name) => name.as_deref() == subject.file_name(),
            On::Unknown => true,
        }
    }
}

impl<'a> Around<'a> {
    /// Nothing is read yet.
    pub fn new(storage: &'a dyn Storage) -> Self {
        let (markers, marked, read, operations) = Default::default();
        Self { storage, markers, marked, read, operations }
    }

    /// What stands where the marker of a subject should be.
    pub fn marker(&self, subject: &Path) -> Result<Rc<ReadMarker>, StorageError> {
        self.markers.of(subject, || {
            let (found, shared) = marker::read_and_ask(self.storage, &pending_marker(subject))?;
            Ok(ReadMarker { found, shared })
        })
    }

    /// The marker of a subject, where it is whole.
    pub fn whole(&self, subject: &Path) -> Option<Marker> {
        match &self.marker(subject).ok()?.found {
            Found::Whole(marker) => Some(marker.clone()),
            _ => None,
        }
    }

    /// What the markers in a folder stand beside, in order.
    pub fn marked_in(&self, dir: &Path) -> Result<Rc<Vec<PathBuf>>, StorageError> {
        self.marked.of(dir, || {
            let names = self.storage.list(dir)?.into_iter();
            let mut found: Vec<_> =
                names.filter_map(|name| marker::subject_of(&dir.join(name))).collect();
            found.sort();
            Ok(found)
        })
    }

    /// What the markers of an operation stand beside, where this one was found beside `subject`: where all was
    /// moved or copied, beside the same names there.
    pub fn marked_by(&self, marker: &Marker, subject: &Path) -> Vec<PathBuf> {
        let found = marker.planned().map(|planned| {
            let here = planned.file_name().map(|name| subject.with_file_name(name));
            here.filter(|here| self.is_marked_by(marker, here)).unwrap_or(planned)
        });
        let mut marked: Vec<PathBuf> = found.collect();
        if !marked.iter().any(|path| path == subject) {
            marked.push(subject.to_owned());
        }
        marked
    }

    /// Whether a marker of this operation, or what is left of one, stands beside `subject`.
    fn is_marked_by(&self, marker: &Marker, subject: &Path) -> bool {
        match self.marker(subject).as_deref().map(|read| &read.found) {
            Ok(Found::Whole(other)) => other.operation == marker.operation,
            Ok(Found::Torn | Found::Damaged) => true,
            _ => false,
        }
    }

    /// The whole marker that is to be believed where `subject` is named, and what it stands beside: its own, or
    /// one in the same folder that names it as one of its operation.
    pub fn marker_of(&self, subject: &Path) -> Option<(PathBuf, Marker)> {
        if let Some(own) = self.whole(subject) {
            return Some((subject.to_owned(), own));
        }
        self.storage.status(&pending_marker(subject)).ok()?;
        let names_it = |(beside, marker): &&(PathBuf, Marker)| {
            self.marked_by(marker, beside).iter().any(|path| path == subject)
        };
        self.markers_in(subject.parent()?).whole.iter().find(names_it).cloned()
    }

    /// The first whole marker of a folder that is the one that is looked for, and what it stands beside.
    pub fn whole_in(
        &self,
        dir: &Path,
        is_it: impl Fn(&Path, &Marker) -> bool,
    ) -> Option<(PathBuf, Marker)> {
        let markers = self.markers_in(dir);
        markers.whole.iter().find(|(beside, marker)| is_it(beside, marker)).cloned()
    }

    /// What the one damaged marker of a folder stands beside; `None` where there is none, or several.
    pub fn one_damaged_in(&self, dir: &Path) -> Option<PathBuf> {
        match self.markers_in(dir).damaged.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// Whether a marker of a folder is damaged.
    pub fn is_any_damaged_in(&self, dir: &Path) -> bool {
        !self.markers_in(dir).damaged.is_empty()
    }

    fn markers_in(&self, dir: &Path) -> Rc<Markers> {
        let Ok(markers) = self.read.of(dir, || Ok::<_, Infallible>(self.read_markers(dir)));
        markers
    }

    fn read_markers(&self, dir: &Path) -> Markers {
        let mut read = Markers { whole: Vec::new(), damaged: Vec::new() };
        for subject in self.marked_in(dir).unwrap_or_default().iter() {
            match self.marker(subject).as_deref().map(|read| &read.found) {
                Ok(Found::Whole(marker)) => read.whole.push((subject.clone(), marker.clone())),
                Ok(Found::Torn | Found::Damaged) => read.damaged.push(subject.clone()),
                _ => {}
            }
        }
        read
    }

    /// The operations in the default place beside a subject, whatever they are on.
    pub fn operations_beside(&self, subject: &Path) -> Rc<Vec<Beside>> {
        let backup_dir = subject.with_file_name(DEFAULT_BACKUP_DIR);
        let Ok(operations) = self.operations.of(&backup_dir, || {
            let names = self.storage.list(&backup_dir).unwrap_or_default();
            let dirs = names.into_iter().map(|name| backup_dir.join(name));
            Ok::<_, Infallible>(dirs.filter_map(|dir| self.operation_in(dir)).collect())
        });
        operations
    }

    fn operation_in(&self, dir: PathBuf) -> Option<Beside> {
        let storage = self.storage;
        let (on, is_ended) = match read_stored(storage, &dir) {
            Ok(Some(stored)) => {
                let subject = stored.deed.as_deed().subject();
                (On::Subject(subject), stored.journal.state != State::Prepared)
            }
            Err(_) => (On::Unknown, false),
            Ok(None) if !is_operation_folder(storage, &dir) => return None,
            Ok(None) => {
                let planned = planned_subject(storage, &dir).ok().flatten();
                let named = planned.map(|planned| planned.file_name().map(OsString::from));
                let is_ended = storage.status(&dir.join(REPORT_NAME)).is_ok();
                (named.map_or(On::Unknown, On::Named), is_ended)
            }
        };
        Some(Beside { dir, is_ended, on })
    }
}
