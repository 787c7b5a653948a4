//! Whole segments or sectors out of chunks of any size.

/// Cuts a file, from behind its header, into blocks of one size. Holds one block at most.
pub(super) struct Blocks {
    block_bytes: usize,
    /// Number of the block that comes next.
    next: u32,
    /// Blocks of the file, header included.
    count: u32,
    /// What there is of the block that comes next.
    begun: Vec<u8>,
    /// Whether some of these bytes stand for ones that could not be read.
    unreadable: bool,
}

impl Blocks {
    pub(super) fn new(block_bytes: usize, first: u32, count: u32) -> Self {
        Self { block_bytes, next: first, count, begun: Vec::new(), unreadable: false }
    }

    /// Bytes of a block.
    pub(super) fn block_bytes(&self) -> usize {
        self.block_bytes
    }

    /// Number of the first block that is not yet whole, and of the blocks of the file.
    pub(super) fn progress(&self) -> (u32, u32) {
        (self.next, self.count)
    }

    /// Hands on every block that the next bytes complete. Bytes behind the last block do not count.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut take: impl FnMut(u32, Option<&[u8]>)) {
        while self.next < self.count && !bytes.is_empty() {
            let missing = self.block_bytes - self.begun.len();
            let (piece, rest) = bytes.split_at(missing.min(bytes.len()));
            bytes = rest;
            if piece.len() == self.block_bytes {
                take(self.next, Some(piece));
                self.next += 1;
            } else {
                self.begun.extend(piece);
                self.hand_on_if_whole(&mut take);
            }
        }
    }

    /// The next bytes could not be read; every block that has one of them counts as unreadable.
    pub(super) fn skip(&mut self, mut bytes: u64, mut take: impl FnMut(u32, Option<&[u8]>)) {
        while self.next < self.count && bytes > 0 {
            let missing = self.block_bytes - self.begun.len();
            let piece = usize::try_from(bytes).unwrap_or(usize::MAX).min(missing);
            bytes -= piece as u64;
            self.begun.resize(self.begun.len() + piece, 0);
            self.unreadable = true;
            self.hand_on_if_whole(&mut take);
        }
    }

    fn hand_on_if_whole(&mut self, take: &mut impl FnMut(u32, Option<&[u8]>)) {
        if self.begun.len() == self.block_bytes {
            take(self.next, (!self.unreadable).then_some(&self.begun));
            self.begun.clear();
            self.unreadable = false;
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(step: impl Fn(&mut Blocks, &mut dyn FnMut(u32, Option<&[u8]>))) -> Vec<String> {
        let mut blocks = Blocks::new(4, 1, 5);
        let mut seen = Vec::new();
        step(&mut blocks, &mut |number, block| {
            let text = block.map_or("?".into(), |block| String::from_utf8_lossy(block));
            seen.push(format!("{number}{text}"));
        });
        seen
    }

    #[test]
    fn chunks_of_any_size() {
        let file = b"aaaabbbbccccddddsurplus";
        for size in 1..=file.len() {
            let seen = collect(|blocks, take| {
                file.chunks(size).for_each(|chunk| blocks.feed(chunk, &mut *take));
            });
            assert_eq!(seen, ["1aaaa", "2bbbb", "3cccc", "4dddd"], "{size}");
        }
    }

    #[test]
    fn a_block_is_unreadable_as_a_whole() {
        let seen = collect(|blocks, take| {
            blocks.feed(b"aaaab", &mut *take);
            blocks.skip(1, &mut *take);
            blocks.feed(b"bbcc", &mut *take);
            blocks.skip(3, &mut *take);
            blocks.feed(b"ddd", &mut *take);
        });
        assert_eq!(seen, ["1aaaa", "2?", "3?", "4?"]);
        assert_eq!(collect(|blocks, take| blocks.skip(u64::MAX, take)), ["1?", "2?", "3?", "4?"]);
    }

    #[test]
    fn an_unfinished_block_is_not_handed_on() {
        assert_eq!(collect(|blocks, take| blocks.feed(b"aaaabbb", take)), ["1aaaa"]);
    }
}
