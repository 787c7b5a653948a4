//! What a file system says of a file.

/// What kind of thing a path names. A symlink is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A FIFO, a socket or a device.
    Special,
}

/// What the file system says of a file, without following a symlink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Kind of the file.
    pub kind: FileKind,
    /// Length in bytes.
    pub length_bytes: u64,
    /// Bytes that it occupies on the medium; less than its length where it is sparse.
    pub allocated_bytes: u64,
    /// Volume and file number: equal means the same file.
    pub identity: (u64, u128),
    /// Time of the last change of the content, nanoseconds since 1970.
    pub modified_ns: i128,
    /// Nobody may write it, by its permission bits or its read-only attribute.
    pub read_only: bool,
}
