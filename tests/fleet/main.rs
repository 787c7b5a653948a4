//! Those who run the program on many machines: scripts that nobody watches, and Ansible.

#![cfg(unix)]

mod ansible;
mod cron;
#[path = "../harness/mod.rs"]
mod harness;
mod monitoring;
mod powershell;
mod real_hosts;
mod unattended;
