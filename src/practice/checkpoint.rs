//! The checkpoint file.

use zerocopy::{FromZeros, IntoBytes};

use super::attachment::Attachment;
use super::logs::{attach_list, environment};
use super::{Moment, Recipe};
use crate::ese::checkpoint::CHECKPOINT_FLAG_ATTACH_LIST;
use crate::ese::{FileType, LgPos, RawCheckpoint, checksum};

/// Two equal copies.
pub(super) fn checkpoint_file(
    recipe: &Recipe,
    checkpoint: LgPos,
    full_backup: Moment,
    attached: &[Attachment],
) -> Vec<u8> {
    let mut raw = RawCheckpoint::new_zeroed();
    raw.checkpoint_pos = checkpoint.into();
    raw.log_signature = recipe.log_signature();
    raw.environment = environment(recipe);
    raw.full_backup_pos = full_backup.pos.into();
    raw.full_backup_time = full_backup.time;
    raw.file_type = FileType::Checkpoint.value().into();
    if !attached.is_empty() {
        raw.flags = CHECKPOINT_FLAG_ATTACH_LIST;
        raw.attach_list = attach_list(attached, recipe.current_generation);
    }
    checksum::seal(raw.as_mut_bytes());
    [raw.as_bytes(), raw.as_bytes()].concat()
}
