//! The last page that a database owns, as its own space says it: a copy that was cut off ends before it.

use crate::ese::owned_space::{LastOwned, ROOT_PAGE, last_owned, owned_extents_root};
use crate::ese::page::{PageVerdict, check_page};
use crate::storage::{File, read_full};

/// Levels of the tree of owned extents; a page of 2 KiB has a hundred nodes, and no database has more pages than
/// four bytes count.
const DEEPEST: usize = 8;

/// The last page, as the engine numbers it; `None` where the pages that say it cannot be read, are damaged, or are
/// none of a database: then nothing is known.
pub fn last_owned_page(file: &dyn File, page_size_bytes: usize) -> Option<u32> {
    let pages = file.status().ok()?.length_bytes / page_size_bytes as u64;
    let read = |number: u32| {
        let mut page = vec![0; page_size_bytes];
        let place = (u64::from(number) + 1) * page_size_bytes as u64;
        let read = read_full(file, &mut page, place).ok()?;
        let is_good = read == page_size_bytes && check_page(&page, number) == PageVerdict::Ok;
        is_good.then_some(page)
    };
    let mut number = owned_extents_root(&read(ROOT_PAGE)?)?;
    for _ in 0..DEEPEST {
        if u64::from(number) + 1 >= pages {
            // A page of the tree itself is owned.
            return Some(number);
        }
        match last_owned(&read(number)?)? {
            LastOwned::On(below) => number = below,
            LastOwned::Page(last) => return Some(last),
        }
    }
    None
}
