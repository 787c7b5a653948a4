//! What a database header remembers with its time: positions, and how often something happened.

use schemars::JsonSchema;
use serde::Serialize;
use zerocopy::little_endian::U32;

use crate::ese::{LgPos, LogTime, RawLgPos};

/// A position in the log stream with its time.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct PositionReport {
    /// Generation, sector and byte.
    #[serde(flatten)]
    pub position: LgPos,
    /// Its time.
    pub time: LogTime,
}

/// A counter with the time of the last event.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct CountReport {
    /// How often.
    pub count: u32,
    /// When last.
    pub time: LogTime,
    /// How often before the last repair or defragmentation, where the header keeps that.
    pub old_count: Option<u32>,
}

impl PositionReport {
    pub(super) fn new(position: RawLgPos, time: LogTime) -> Self {
        Self { position: position.into(), time }
    }
}

impl CountReport {
    pub(super) fn new(count: U32, time: LogTime, old: Option<U32>) -> Self {
        Self { count: count.get(), time, old_count: old.map(U32::get) }
    }
}
