//! `list`: the operations that are known of in folders.

use crate::api::{List, list_in};
use crate::report::Report;

use super::args::ListArgs;
use super::session::Session;

pub fn run(session: &Session, args: &ListArgs) -> Report {
    list_in(&session.run(), &List { paths: args.paths.clone() })
}
