//! Up to which page a database owns its file: the root of its space on page 1, and the last node of the tree of owned
//! extents that it leads to.
//!
//! Source: `dev/ese/src/inc/space.hxx` (`SPACE_HEADER`), `dev/ese/src/ese/space.cxx` (`ErrSPGetLastExtent`),
//! `dev/ese/src/inc/cpage.hxx` and `dev/ese/src/inc/node.hxx` (tags and nodes).

/// The page with the root of the space of a database.
pub const ROOT_PAGE: u32 = 1;

/// The object of the root of the space.
const ROOT_OBJECT: u32 = 1;

/// Largest page whose header has 40 bytes and whose tags have their flags beside the offset; larger pages have 80,
/// and the flags in the node itself.
const LARGEST_SMALL_PAGE_BYTES: usize = 8192;

const TAG_BYTES: usize = 4;
const TAGS_MASK: u16 = 0x0fff;

/// Flags of a page.
const FLAG_ROOT: u32 = 0x1;
const FLAG_LEAF: u32 = 0x2;
const FLAG_SPACE_TREE: u32 = 0x20;

/// Flags of a node.
const NODE_DELETED: u8 = 0x2;
const NODE_COMPRESSED: u8 = 0x4;

/// The low bits of a length in front of a key; those above may be flags.
const KEY_LENGTH_MASK: u16 = 0x1fff;

/// What a page of the tree of owned extents leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastOwned {
    /// The page below, where the last extent is.
    On(u32),
    /// The last page of the last extent.
    Page(u32),
}

/// The root page of the tree of owned extents, from page 1; `None` where this is not the root of a space of several
/// extents, which that of a database always is.
pub fn owned_extents_root(page: &[u8]) -> Option<u32> {
    let nodes = Nodes::of(page)?;
    let is_root = nodes.flags & (FLAG_ROOT | FLAG_SPACE_TREE) == FLAG_ROOT;
    let header = nodes.external_header()?;
    let [_, parent, flags, root] = [0, 4, 8, 12].map(|at| u32_at(header, at));
    let has_several_extents = flags? & 1 == 1;
    (is_root && parent? == 0 && has_several_extents)
        .then_some(root?)
        .filter(|&root| root > ROOT_PAGE)
}

/// Where a page of the tree of owned extents says that the last extent ends; `None` where it is no such page.
pub fn last_owned(page: &[u8]) -> Option<LastOwned> {
    let nodes = Nodes::of(page).filter(|nodes| nodes.flags & FLAG_SPACE_TREE != 0)?;
    let (key, data) = nodes.last()?;
    if nodes.flags & FLAG_LEAF == 0 {
        return Some(LastOwned::On(u32_at(data, 0)?));
    }
    let last = u32::from_be_bytes(key.try_into().ok()?);
    let pages = u32_at(data, 0)?;
    (1..=last).contains(&pages).then_some(LastOwned::Page(last))
}

/// The nodes of a page of the root object.
struct Nodes<'a> {
    page: &'a [u8],
    flags: u32,
    tags: usize,
}

impl<'a> Nodes<'a> {
    fn of(page: &'a [u8]) -> Option<Self> {
        let tags = usize::from(u16_at(page, 34)? & TAGS_MASK);
        let flags = u32_at(page, 36)?;
        (u32_at(page, 24)? == ROOT_OBJECT && tags > 0).then_some(Self { page, flags, tags })
    }

    /// What stands before the nodes: in a root the header of its space, elsewhere the prefix of the keys.
    fn external_header(&self) -> Option<&'a [u8]> {
        Some(self.node(0)?.0)
    }

    /// Key and data of the last node that is not deleted.
    fn last(&self) -> Option<(Vec<u8>, &'a [u8])> {
        let nodes = (1..self.tags).rev().map(|tag| self.node(tag));
        let (node, flags) = nodes.flatten().find(|(_, flags)| flags & NODE_DELETED == 0)?;
        let (mut key, rest) = match flags & NODE_COMPRESSED {
            0 => (Vec::new(), node),
            _ => (self.external_header()?.get(..key_length(node)?)?.to_vec(), node.get(2..)?),
        };
        let suffix = key_length(rest)?;
        key.extend(rest.get(2..2 + suffix)?);
        Some((key, rest.get(2 + suffix..)?))
    }

    /// The bytes and flags of a node.
    fn node(&self, tag: usize) -> Option<(&'a [u8], u8)> {
        let is_small = self.page.len() <= LARGEST_SMALL_PAGE_BYTES;
        let (header_bytes, mask) = if is_small { (40, 0x1fff) } else { (80, 0x7fff) };
        let at = self.page.len().checked_sub((tag + 1) * TAG_BYTES)?;
        let (length, place) = (u16_at(self.page, at)?, u16_at(self.page, at + 2)?);
        let start = header_bytes + usize::from(place & mask);
        let node = self.page.get(start..start + usize::from(length & mask))?;
        let flags =
            if is_small { (place >> 13) as u8 } else { node.get(1).map_or(0, |byte| byte >> 5) };
        Some((node, flags))
    }
}

/// Length of the key that follows.
fn key_length(node: &[u8]) -> Option<usize> {
    Some(usize::from(u16_at(node, 0)? & KEY_LENGTH_MASK))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE_ROOT: u32 = FLAG_ROOT | FLAG_SPACE_TREE;

    /// A page of the root object with these flags and nodes: flags, then content; the first is what stands before
    /// the others.
    fn page(bytes: usize, flags: u32, nodes: &[(u8, &[u8])]) -> Vec<u8> {
        let is_small = bytes <= LARGEST_SMALL_PAGE_BYTES;
        let header_bytes = if is_small { 40 } else { 80 };
        let mut page = vec![0; bytes];
        page[24..28].copy_from_slice(&ROOT_OBJECT.to_le_bytes());
        page[34..36].copy_from_slice(&(nodes.len() as u16).to_le_bytes());
        page[36..40].copy_from_slice(&flags.to_le_bytes());
        let mut place = 0;
        for (tag, (flags, node)) in nodes.iter().enumerate() {
            let start = header_bytes + place;
            page[start..start + node.len()].copy_from_slice(node);
            let mut field = place as u16;
            if is_small {
                field |= u16::from(*flags) << 13;
            } else if node.len() > 1 {
                page[start + 1] |= flags << 5;
            }
            let at = bytes - (tag + 1) * TAG_BYTES;
            page[at..at + 2].copy_from_slice(&(node.len() as u16).to_le_bytes());
            page[at + 2..at + 4].copy_from_slice(&field.to_le_bytes());
            place += node.len();
        }
        page
    }

    /// A node with its whole key.
    fn node(key: &[u8], data: u32) -> Vec<u8> {
        [&(key.len() as u16).to_le_bytes()[..], key, &data.to_le_bytes()].concat()
    }

    fn extent(last: u32, pages: u32) -> Vec<u8> {
        node(&last.to_be_bytes(), pages)
    }

    fn space_header(parent: u32, flags: u32, root: u32) -> Vec<u8> {
        [46, parent, flags, root].iter().flat_map(|field| field.to_le_bytes()).collect()
    }

    #[test]
    fn page_1_leads_to_the_tree() {
        for bytes in [2048, 4096, 8192, 16384, 32768] {
            let of = |flags, header: &[u8]| owned_extents_root(&page(bytes, flags, &[(0, header)]));
            assert_eq!(of(0xa803, &space_header(0, 1, 2)), Some(2));
            // A single extent has no tree; a root below another one, and other pages, are not that of a database.
            assert_eq!(of(0xa803, &space_header(0, 0, 2)), None);
            assert_eq!(of(0xa803, &space_header(7, 1, 2)), None);
            assert_eq!(of(0xa803, &space_header(0, 1, 1)), None);
            assert_eq!(of(0xa802, &space_header(0, 1, 2)), None);
            assert_eq!(of(0xa823, &space_header(0, 1, 2)), None);
            assert_eq!(of(0xa803, &space_header(0, 1, 2)[..12]), None);
        }
    }

    #[test]
    fn the_last_extent_of_a_leaf() {
        for bytes in [4096, 32768] {
            let leaf =
                |nodes: &[(u8, &[u8])]| last_owned(&page(bytes, SPACE_ROOT | FLAG_LEAF, nodes));
            let (first, last) = (extent(46, 46), extent(78, 16));
            assert_eq!(leaf(&[(0, &[0]), (0, &first)]), Some(LastOwned::Page(46)));
            assert_eq!(leaf(&[(0, &[0]), (0, &first), (0, &last)]), Some(LastOwned::Page(78)));
            assert_eq!(
                leaf(&[(0, &[0]), (0, &first), (NODE_DELETED, &last)]),
                Some(LastOwned::Page(46))
            );
            // Two bytes of the key stand before the nodes.
            let rest =
                [&2u16.to_le_bytes()[..], &2u16.to_le_bytes(), &[1, 2], &16u32.to_le_bytes()];
            let nodes: [(u8, &[u8]); 2] = [(0, &[0, 3, 9]), (NODE_COMPRESSED, &rest.concat())];
            assert_eq!(leaf(&nodes), Some(LastOwned::Page(0x0003_0102)));
            let all_deleted: [(u8, &[u8]); 2] = [(0, &[0]), (NODE_DELETED, &first)];
            assert_eq!(leaf(&all_deleted), None);
        }
    }

    #[test]
    fn a_page_between_leads_on() {
        let nodes = [node(&[0, 0, 1], 90), node(&[], 91)];
        let nodes: Vec<(u8, &[u8])> =
            [(0, &[0][..])].into_iter().chain(nodes.iter().map(|node| (0, &node[..]))).collect();
        assert_eq!(last_owned(&page(4096, FLAG_SPACE_TREE, &nodes)), Some(LastOwned::On(91)));
    }

    #[test]
    fn what_is_no_such_page_says_nothing() {
        let good = page(4096, SPACE_ROOT | FLAG_LEAF, &[(0, &[0]), (0, &extent(46, 46))]);
        assert_eq!(last_owned(&good), Some(LastOwned::Page(46)));
        let changed = |at: usize, byte: u8| {
            let mut page = good.clone();
            page[at] = byte;
            last_owned(&page)
        };
        assert_eq!(changed(24, 2), None, "another object");
        assert_eq!(changed(34, 1), None, "no node");
        assert_eq!(changed(36, 3), None, "no space tree");
        for extent in [extent(46, 0), extent(46, 47), node(&[0, 0, 46], 1), vec![4, 0, 0]] {
            let nodes: [(u8, &[u8]); 2] = [(0, &[0]), (0, &extent)];
            assert_eq!(last_owned(&page(4096, SPACE_ROOT | FLAG_LEAF, &nodes)), None);
        }
    }

    #[test]
    fn any_bytes_are_taken() {
        let good = page(4096, SPACE_ROOT | FLAG_LEAF, &[(0, &[0]), (0, &extent(46, 46))]);
        for length in [0, 1, 24, 27, 35, 37, 39, 40, 44, 80, 2048, 4095] {
            assert_eq!(last_owned(&good[..length]), None);
            assert_eq!(owned_extents_root(&good[..length]), None);
        }
        for at in 34..80 {
            for byte in 0..=255 {
                let mut page = good.clone();
                page[at] = byte;
                last_owned(&page);
                let end = page.len() - 1 - (at - 34) % 12;
                page[end] = byte;
                owned_extents_root(&page);
                last_owned(&page);
            }
        }
    }
}
