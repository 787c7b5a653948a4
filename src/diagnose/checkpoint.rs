//! The checkpoint: damaged, or not that of the logs beside it.

use crate::ese::CheckpointCopies;
use crate::show::shown;
use crate::survey::CheckpointFile;

use super::chain::Chain;
use super::damaged_files::{damaged_checkpoint, half_damaged_checkpoint};
use super::{Finding, FindingId};

pub(super) fn judge(chain: &Chain) -> Vec<Finding> {
    let file = chain.stream.checkpoint.as_ref().filter(|file| file.read_error.is_none());
    let Some(file) = file else { return Vec::new() };
    let Some((_, copies)) = &file.elected else { return vec![damaged_checkpoint(&file.path)] };
    let half = matches!(copies, CheckpointCopies::FirstOnly | CheckpointCopies::SecondOnly);
    let half = half.then(|| half_damaged_checkpoint(&file.path, *copies));
    half.into_iter().chain(mismatch(chain, file)).collect()
}

/// `(0x6,1E,0)`, `none`, `damaged`, `could not be read`.
pub(super) fn in_words(chain: &Chain) -> String {
    match chain.stream.checkpoint.as_ref().map(|file| (&file.elected, &file.read_error)) {
        None => "none".into(),
        Some((_, Some(_))) => "could not be read".into(),
        Some((None, None)) => "damaged".into(),
        Some((Some((checkpoint, _)), None)) => checkpoint.checkpoint().to_string(),
    }
}

fn mismatch(chain: &Chain, file: &CheckpointFile) -> Option<Finding> {
    let (checkpoint, _) = file.elected.as_ref()?;
    let (first, last) = (chain.first()?, chain.last()?);
    let (position, signature) = (checkpoint.checkpoint(), checkpoint.raw.log_signature);
    let what = if Some(signature) != chain.signature {
        format!("Signature: {signature}, the logs have Signature: {}", chain.signature?)
    } else if chain.unread.is_empty() && !(first..=last).contains(&position.generation) {
        format!(
            "Checkpoint: {position}, but the logs there are generations {first}-{last} \
             (0x{first:x}-0x{last:x})"
        )
    } else {
        return None;
    };
    Some(Finding::new(
        FindingId::CheckpointMismatch,
        format!("{}: {what}", shown(&file.path)),
        "The checkpoint is not that of these logs. The engine ignores or rewrites it, and recovery may \
         begin with the oldest log that is there.",
        "If the stores mount, nothing: the engine writes it anew. Else find out whether logs or \
         checkpoint come from another folder or another time.",
    ))
}
