//! Lines of a dump, each a label and its value.

use std::fmt::{Display, Write};

use crate::ese::{AttachedDatabase, DbmsParam};
use crate::show::shown;

/// The lines that were printed so far.
#[derive(Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A label of ours, and a value, which may be from the file and is therefore [`shown`].
    pub(super) fn line(&mut self, label: &str, value: impl Display) {
        let _ = writeln!(self.0, "{label}{}", shown(&value.to_string()));
    }

    pub(super) fn text(self) -> String {
        self.0
    }

    pub(super) fn blank(&mut self) {
        self.0.push('\n');
    }

    /// The two lines of the engine's environment.
    pub(super) fn environment(&mut self, env: &DbmsParam) {
        let label = "      Env (CircLog,Session,Opentbl,VerPage,Cursors,LogBufs,LogFile,Buffers)";
        self.line(label, "");
        let circular = if env.circular_logging { "     on" } else { "    off" };
        self.line(
            "          ",
            format_args!(
                "({circular},{:7},{:7},{:7},{:7},{:7},{:7},{:7})",
                env.sessions,
                env.open_tables,
                env.version_pages,
                env.cursors,
                env.log_buffers,
                env.log_file_sectors,
                env.cache_size
            ),
        );
    }

    /// The lines of one attached database below its name, each behind `indent`.
    pub(super) fn attached(&mut self, indent: &str, database: &AttachedDatabase) {
        let db_time = database.db_time;
        let label = |name: &str| format!("{indent}{name}: ");
        self.line(
            &label("dbtime"),
            format_args!("{db_time} ({}-{})", db_time >> 32, db_time as u32),
        );
        self.line(&label("objidLast"), database.last_objid);
        self.line(&label("Signature"), database.db_signature);
        self.line(&label("MaxDbSize"), format_args!("{} pages", database.max_pages));
        self.line(&label("Last Attach"), database.last_attach);
        self.line(&label("Last Consistent"), database.last_consistent);
    }
}
