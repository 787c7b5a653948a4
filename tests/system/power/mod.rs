//! Power loss on a real file system. A volume is mounted from a recorded device while the program
//! works on it. Each state that the device may hold after a power loss is then built, mounted, and
//! recovered by the program.

#[path = "../../crash/model/choices.rs"]
pub mod choices;
pub mod medium;
pub mod recorder;
pub mod write_log;
