//! What the machine knows, beside its disks: the time, chance, who runs this, and what Windows knows of Exchange.
//!
//! Without the feature `disk` no system is asked: nobody is known there, and a clock only where the standard library
//! has one.

mod chance;
mod clock;
mod exchange;
mod login;

pub use chance::random;
pub use clock::now;
pub use exchange::{STORE_SERVICE, StoreService, restore_keys, store_service};
pub use login::{host_name, login_name, user_name};
