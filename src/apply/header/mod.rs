//! The deed on a header: both copies of it are written.

pub mod backup;
mod block;
pub mod commit;
mod copy_pass;
mod copying;
pub mod deed;
mod pass_state;
mod preparation;
