//! What the tests share, each thing once: to run the program and read what it said, to lay out files and
//! take pictures of folders, and to reach what a machine may not have. `tests/README.md` is the map.

#![allow(dead_code, unused_imports)] // each test program uses its part

pub mod disks;
pub mod files;
pub mod fixture;
pub mod folder;
pub mod group;
pub mod memory;
pub mod needs;
pub mod picked;
pub mod program;
pub mod ran;
pub mod schema;
pub mod sets;
pub mod storages;
pub mod strace;
pub mod terminal;
pub mod unlucky;

pub use fixture::{
    DATABASE, Fixture, damaged, edit_database, healthy, marker_of, operations, operations_in,
    sealed,
};
pub use folder::{Entry, digest, in_memory, names, sha256, snapshot, text};
pub use group::{Group, reset, reset_words, small_group};
pub use program::{PROGRAM, at_once, finish, program, run, run_on, spawn};
pub use ran::Ran;
