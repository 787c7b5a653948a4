//! What the machine knows, beside its disks: the time, who runs this, and what Windows knows of Exchange.

#[cfg(feature = "disk")]
mod clock;
mod exchange;
#[cfg(feature = "disk")]
mod login;

#[cfg(feature = "disk")]
pub use clock::now;
pub use exchange::{STORE_SERVICE, StoreService, restore_keys, store_service};
#[cfg(feature = "disk")]
pub use login::{host_name, login_name, user_name};
