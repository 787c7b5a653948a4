//! What a file system says of a file.

use std::fmt;

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

/// Somebody who can change a file, or what is in a folder, beside root and the user of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// The user of this number owns it.
    Owner(u32),
    /// An ACL lets the user of this number write to it.
    User(u32),
    /// Its mode or an ACL lets the group of this number write to it.
    Group(u32),
    /// An ACL does, or may: it names users in a way that says nothing here, or cannot be read.
    List,
    /// Its mode lets everybody write to it.
    Everybody,
}

impl fmt::Display for Others {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Owner(user) => write!(f, "another user owns it (uid {user})"),
            Self::User(user) => write!(f, "another user can write to it (uid {user}, by an ACL)"),
            Self::Group(group) => write!(f, "a group can write to it (gid {group}, or an ACL)"),
            Self::List => f.write_str("an ACL lets others write to it, or cannot be read"),
            Self::Everybody => f.write_str("everybody on this machine can write to it"),
        }
    }
}

/// Who shares a file or folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Somebody else who can change it; `None` where nobody can, or the system does not say.
    pub by: Option<Others>,
    /// The kind of its file system, where that has no modes of its own: what it shows is what the mount, or
    /// another machine, says of all its files.
    pub without_modes: Option<&'static str>,
}
