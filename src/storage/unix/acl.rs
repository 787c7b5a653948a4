//! Whom an access control list lets write, beside those that the mode tells of.

/// Who is let in to write by an entry of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The group of the file.
    ItsGroup,
    /// The user of this number.
    User(u32),
    /// The group of this number.
    Group(u32),
    /// Somebody whose number the list does not tell.
    Named,
}

/// `ACL_EA_VERSION` and `ACL_*` of `posix_acl_xattr.h` and `posix_acl.h`.
const POSIX_VERSION: u32 = 2;
const USER: u16 = 0x02;
const ITS_GROUP: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const WRITE: u16 = 0x02;

/// The writers in a POSIX list as `system.posix_acl_access` has it: a version of 4 bytes, then entries of 8: tag,
/// rights, number. Rights of all but owner and others are cut by the mask. `None` where it is none.
pub fn posix_writers(value: &[u8]) -> Option<Vec<Writer>> {
    let (version, entries) = value.split_first_chunk::<4>()?;
    let (entries, []) = entries.as_chunks::<8>() else { return None };
    if u32::from_le_bytes(*version) != POSIX_VERSION {
        return None;
    }
    let entries = entries.iter().map(|[t0, t1, r0, r1, number @ ..]| {
        (
            u16::from_le_bytes([*t0, *t1]),
            u16::from_le_bytes([*r0, *r1]),
            u32::from_le_bytes(*number),
        )
    });
    let is_mask = |(tag, ..): &(u16, u16, u32)| *tag == MASK;
    let mask = entries.clone().find(is_mask).map_or(u16::MAX, |(_, rights, _)| rights);
    let writing = entries.filter(|(_, rights, _)| rights & mask & WRITE != 0);
    let writers = writing.filter_map(|(tag, _, number)| match tag {
        USER => Some(Writer::User(number)),
        ITS_GROUP => Some(Writer::ItsGroup),
        GROUP => Some(Writer::Group(number)),
        _ => None,
    });
    Some(writers.collect())
}

/// `ACE4_*` of RFC 7530, 6.2.1: what changes a file, what is in a folder, or who may.
const ALLOWED: u32 = 0;
const CHANGE: u32 = 0x2 | 0x4 | 0x40 | 0x1_0000 | 0x4_0000 | 0x8_0000;

/// The writers in a list of NFS as `system.nfs4_acl` has it, in XDR (RFC 7530, 6.2.1): a count, then entries of type,
/// flags, rights and a name. Owner, group and everybody stand in the mode, too. `None` where it is none.
pub fn nfs4_writers(value: &[u8]) -> Option<Vec<Writer>> {
    let mut rest = value;
    let count = take_number(&mut rest)?;
    let mut writers = Vec::new();
    for _ in 0..count {
        let (kind, _flags) = (take_number(&mut rest)?, take_number(&mut rest)?);
        let (rights, name) = (take_number(&mut rest)?, take_name(&mut rest)?);
        if kind != ALLOWED || rights & CHANGE == 0 {
            continue;
        }
        match name {
            b"OWNER@" | b"EVERYONE@" => {}
            b"GROUP@" => writers.push(Writer::ItsGroup),
            _ => writers.push(Writer::Named),
        }
    }
    Some(writers)
}

fn take_number(rest: &mut &[u8]) -> Option<u32> {
    let (number, behind) = rest.split_first_chunk::<4>()?;
    *rest = behind;
    Some(u32::from_be_bytes(*number))
}

fn take_name<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(rest)?).ok()?;
    let (name, behind) = rest.split_at_checked(length)?;
    *rest = behind.get(length.next_multiple_of(4) - length..)?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posix(entries: &[(u16, u16, u32)]) -> Vec<u8> {
        let mut value = POSIX_VERSION.to_le_bytes().to_vec();
        for (tag, rights, number) in entries {
            value.extend(tag.to_le_bytes());
            value.extend(rights.to_le_bytes());
            value.extend(number.to_le_bytes());
        }
        value
    }

    #[test]
    fn the_mask_cuts_what_a_posix_list_grants() {
        let list = |mask| {
            posix(&[
                (1, 7, u32::MAX),
                (USER, 7, 1000),
                (ITS_GROUP, 5, u32::MAX),
                (GROUP, 6, 4),
                (MASK, mask, u32::MAX),
                (0x20, 0, u32::MAX),
            ])
        };
        assert_eq!(posix_writers(&list(7)).unwrap(), [Writer::User(1000), Writer::Group(4)]);
        assert_eq!(posix_writers(&list(5)).unwrap(), []);
        let of_group = posix(&[(1, 7, u32::MAX), (ITS_GROUP, 7, u32::MAX), (0x20, 0, u32::MAX)]);
        assert_eq!(posix_writers(&of_group).unwrap(), [Writer::ItsGroup]);
    }

    #[test]
    fn what_is_no_list_is_not_read_as_an_empty_one() {
        let whole = posix(&[(USER, 7, 1000)]);
        assert!(
            (0..4).chain(5..whole.len()).all(|length| posix_writers(&whole[..length]).is_none())
        );
        assert_eq!(posix_writers(&[3, 0, 0, 0]), None);
        let whole = nfs4(&[(ALLOWED, 2, b"joe@example.com")]);
        assert!((0..whole.len()).all(|length| nfs4_writers(&whole[..length]).is_none()));
    }

    fn nfs4(entries: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut value = (entries.len() as u32).to_be_bytes().to_vec();
        for (kind, rights, name) in entries {
            let numbers = [*kind, 0, *rights, name.len() as u32];
            value.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
            value.extend(*name);
            value.resize(value.len().next_multiple_of(4), 0);
        }
        value
    }

    #[test]
    fn a_list_of_nfs_names_its_writers() {
        const DENIED: u32 = 1;
        let list = |rights| {
            nfs4(&[
                (ALLOWED, 2, b"OWNER@"),
                (DENIED, 2, b"GROUP@"),
                (ALLOWED, rights, b"joe@example.com"),
            ])
        };
        assert_eq!(nfs4_writers(&list(0x2)).unwrap(), [Writer::Named]);
        assert_eq!(nfs4_writers(&list(0x1)).unwrap(), []);
    }
}
