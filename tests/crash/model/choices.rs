//! Which of many effects reached a medium: all subsets, or a seeded sample of them.

/// How many states of one crash point are looked at.
#[derive(Clone, Copy)]
pub struct Sample {
    /// All of them, up to this many.
    pub all_up_to: u64,
    /// Of more, a seeded sample of this size, besides the corners.
    pub states: usize,
}

/// Every choice of one value below each radix; a seeded sample of them where there are too many. The
/// size of that sample; 0 where all of them were tried.
pub fn choices(radices: &[u64], sample: Sample, mut each: impl FnMut(&[u64])) -> usize {
    let total = radices.iter().try_fold(1u64, |total, radix| {
        total.checked_mul(*radix).filter(|total| *total <= sample.all_up_to)
    });
    let mut chosen = vec![0; radices.len()];
    if let Some(total) = total {
        for number in 0..total {
            let mut left = number;
            for (digit, radix) in chosen.iter_mut().zip(radices) {
                *digit = left % radix;
                left /= radix;
            }
            each(&chosen);
        }
        return 0;
    }
    let mut drawn = sample.states;
    corners(radices, sample.states.min(32), &mut |chosen| {
        drawn += 1;
        each(chosen);
    });
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..sample.states {
        for (digit, radix) in chosen.iter_mut().zip(radices) {
            *digit = random.next() % radix;
        }
        each(&chosen);
    }
    drawn
}

/// Nothing, everything, and each cut in a row of effects that reach the medium in order.
fn corners(radices: &[u64], cuts: usize, each: &mut impl FnMut(&[u64])) {
    let step = radices.len().div_ceil(cuts).max(1);
    for cut in (0..radices.len()).step_by(step).chain([radices.len()]) {
        let kept = |n: usize| u64::from(n < cut);
        each(&(0..radices.len()).map(kept).collect::<Vec<_>>());
        each(&(0..radices.len()).map(|n| 1 - kept(n)).collect::<Vec<_>>());
    }
}

/// xorshift64*: a fixed seed gives the same states on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}
