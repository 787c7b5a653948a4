//! The one seam to the world: open, read, map, write, sync, rename, lock, reflink.
//!
//! Everything that edbmend does to a disk goes through [`Storage`] and [`File`], so that a test can
//! record it, fail it or stop it at any call. `Disk` is the real one.

mod aligned;
mod digest;
mod error;
mod file;
mod file_system;
mod held_folder;
mod path;
mod picked;
mod pieces;
mod private_map;
mod reader;
#[cfg(feature = "disk")]
mod resolve;
mod status;
mod threads;
#[cfg(all(unix, feature = "disk"))]
#[allow(unsafe_code)] // the memory map, and the system calls for leases
mod unix;
#[cfg(all(windows, feature = "disk"))]
#[allow(unsafe_code)] // the memory map, and the system calls that the standard library lacks
mod windows;
mod writer;

pub use aligned::AlignedBuffer;
pub use digest::digest_blocks;
pub use error::{Result, StorageError};
pub use file::{DirectFile, Exclusive, File, ONLY_OWNER_CAN_TELL};
pub use file_system::{Access, BUSY_PAUSE, BUSY_TRIES, Storage};
pub use held_folder::HeldFolder;
pub use path::{StoredPath, beside, stored_path, stored_path_if_any, without};
pub use picked::{Picked, PickedFile, Slices};
pub use pieces::{PIECE_BYTES, Piece, Pieces};
pub use private_map::PrivateMap;
pub use reader::{FileReader, read_full};
#[cfg(feature = "disk")]
pub use resolve::{absolute, absolute_by_own_links, canonical, canonical_by_own_links};
pub use status::{FileKind, Others, Sharing, Status};
pub use threads::{all_processors, on_all_cores, start_threads, work_watched};
#[cfg(all(unix, feature = "disk"))]
pub use unix::Disk;
#[cfg(all(windows, feature = "disk"))]
pub use windows::Disk;
pub use writer::write_stream;
