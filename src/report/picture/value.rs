//! What a picture is made of.

/// The log numbers of one log stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Base name of the logs: `E00`.
    pub base: String,
    /// Folder of the logs.
    pub folder: String,
    /// The first and the last generation that are drawn. A backup may reach beyond.
    pub axis: Span,
    /// What there is to say, from top to bottom.
    pub rows: Vec<Row>,
}

/// One row of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub kind: RowKind,
    /// What is drawn, ascending. A run may reach beyond the axis.
    pub runs: Vec<Run>,
    /// The same in words and numbers: whoever does not see the drawing misses nothing.
    pub legend: String,
}

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// The logs that are there, and the gaps between them.
    OnDisk,
    /// What the next mount reads, or would have to.
    ToMount,
    /// What some of the databases need, where not all of them need the same.
    NeededBy,
    /// Where the checkpoint is, where recovery would begin elsewhere without it.
    Checkpoint,
    /// The last full backup that the headers record.
    LastFull,
    /// The last incremental backup that the headers record.
    LastIncremental,
    /// What the next full backup of all databases deletes, and what is held back.
    NextFull,
}

impl RowKind {
    /// Its name in front of the row.
    pub fn label(self) -> &'static str {
        match self {
            Self::OnDisk => "on disk",
            Self::ToMount => "to mount",
            Self::NeededBy => "needed",
            Self::Checkpoint => "checkpoint",
            Self::LastFull => "last full",
            Self::LastIncremental => "last incr.",
            Self::NextFull => "next full",
        }
    }
}

/// Consecutive generations, both ends included. A generation beyond those of logs is one that a header records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first.
    pub first: i64,
    /// The last.
    pub last: i64,
}

impl Span {
    /// How many there are.
    pub fn count(self) -> i64 {
        self.last - self.first + 1
    }

    /// What lies in both.
    pub(super) fn cut(self, other: Self) -> Option<Self> {
        let both = Self { first: self.first.max(other.first), last: self.last.min(other.last) };
        (both.first <= both.last).then_some(both)
    }
}

/// Generations of which one thing holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Which.
    pub span: Span,
    /// What holds of them.
    pub mark: Mark,
}

impl Run {
    pub(super) fn new(first: i64, last: i64, mark: Mark) -> Self {
        Self { span: Span { first, last }, mark }
    }
}

/// What holds of a run. Of several in one unit of a drawing the last one in this order is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// They are in the set of the row: there, needed and there, in the backup, deleted.
    In,
    /// The next full backup leaves them where they are, because a database needs them.
    Held,
    /// A header records them, and no log can have such a number.
    Impossible,
    /// There are files, and they cannot be used.
    Damaged,
    /// There are files, and they could not be read.
    Unread,
    /// There is no file.
    Missing,
}
