//! The checkpoint: damaged, or not that of the logs beside it.

use std::fmt;

use crate::ese::{CheckpointCopies, LgPos};
use crate::show::shown;
use crate::survey::CheckpointFile;

use super::chain::Chain;
use super::damaged_files::{damaged_checkpoint, half_damaged_checkpoint};
use super::instance::Instance;
use super::{Finding, FindingId};

pub(super) fn judge(instance: &Instance) -> Vec<Finding> {
    let chain = instance.chain;
    let file = chain.stream.checkpoint.as_ref().filter(|file| file.read_error.is_none());
    let Some(file) = file else { return Vec::new() };
    let Some((_, copies)) = &file.elected else { return vec![damaged_checkpoint(&file.path)] };
    let half = matches!(copies, CheckpointCopies::FirstOnly | CheckpointCopies::SecondOnly);
    let half = half.then(|| half_damaged_checkpoint(&file.path, *copies));
    half.into_iter().chain(mismatch(instance, file)).collect()
}

/// What a checkpoint says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointState {
    /// There is none.
    None,
    /// It could not be read.
    Unread,
    /// Neither of its copies is valid.
    Damaged,
    /// Its position.
    At(LgPos),
}

/// `(0x6,1E,0)`, `none`, `damaged`, `could not be read`.
impl fmt::Display for CheckpointState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Unread => f.write_str("could not be read"),
            Self::Damaged => f.write_str("damaged"),
            Self::At(position) => position.fmt(f),
        }
    }
}

pub(super) fn state(chain: &Chain) -> CheckpointState {
    match chain.stream.checkpoint.as_ref().map(|file| (&file.elected, &file.read_error)) {
        None => CheckpointState::None,
        Some((_, Some(_))) => CheckpointState::Unread,
        Some((None, None)) => CheckpointState::Damaged,
        Some((Some((checkpoint, _)), None)) => CheckpointState::At(checkpoint.checkpoint()),
    }
}

/// A checkpoint that the engine passes over or that lies among the logs without one of its own. One that stops the
/// next mount is a finding of that.
fn mismatch(instance: &Instance, file: &CheckpointFile) -> Option<Finding> {
    let chain = instance.chain;
    let (checkpoint, _) = file.elected.as_ref()?;
    let signature = checkpoint.raw.log_signature;
    if Some(signature) == chain.signature {
        return None;
    }
    let what = format!("Signature: {signature}, the logs have Signature: {}", chain.signature?);
    Some(Finding::new(
        FindingId::CheckpointMismatch,
        format!("{}: {what}", shown(&file.path)),
        "The checkpoint is not that of these logs. The engine does not use it, and recovery begins with the \
         oldest log that is there.",
        "If the stores mount, nothing: the engine writes it anew. Else find out whether logs or \
         checkpoint come from another folder or another time.",
    ))
}
