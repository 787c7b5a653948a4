//! What the machine knows, beside its disks: the time, who runs this, and what Windows knows of Exchange.

mod clock;
mod exchange;
mod login;

pub use clock::now;
pub use exchange::{STORE_SERVICE, StoreService, restore_keys, store_service};
pub use login::{host_name, login_name, user_name};
