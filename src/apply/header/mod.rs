//! The deed on a header: both copies of it are written.

pub mod backup;
pub mod commit;
mod copy_pass;
pub mod deed;
mod preparation;
