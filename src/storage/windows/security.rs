//! Who may use a file: private when it is created, then as its source is.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr::null_mut;

use windows_sys::Win32::Foundation::LocalFree;
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetTokenInformation, PROTECTED_DACL_SECURITY_INFORMATION,
    TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::Storage::FileSystem::{
    FILE_FLAG_BACKUP_SEMANTICS, FILE_FLAG_OPEN_REPARSE_POINT, WRITE_DAC,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

use super::sys::{self, Descriptor};

/// For whoever runs this, the owner, administrators and the system; nothing is inherited.
pub fn private(inherited_by_content: bool) -> io::Result<Descriptor> {
    let flags = if inherited_by_content { "OICI" } else { "" };
    let mut text = "D:P".to_owned();
    // OW is whoever owns it, SY the system, BA the administrators.
    let user = user_sid()?;
    for who in [user.as_str(), "OW", "SY", "BA"] {
        text += &format!("(A;{flags};FA;;;{who})");
    }
    descriptor_of(&text)
}

/// Gives a file the access list of another, and nothing from the folder it lies in. Where that is not
/// to be had it keeps what it has, which is stricter.
pub fn adopt_access_list(path: &Path, like: &File) {
    let adopted = sys::security(like, DACL_SECURITY_INFORMATION).and_then(|descriptor| {
        let file = open_for(path, WRITE_DAC)?;
        let parts = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        sys::set_security(&file, parts, &descriptor)
    });
    // A volume without access lists, a share that lets nobody set them.
    let _ = adopted;
}

/// Opens a file or folder for its security descriptor alone, which no share mode stands against.
fn open_for(path: &Path, access: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.access_mode(access);
    options.custom_flags(FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT);
    options.open(path)
}

fn descriptor_of(text: &str) -> io::Result<Descriptor> {
    let text: Vec<u16> = text.encode_utf16().chain([0]).collect();
    let (mut made, mut length) = (null_mut(), 0);
    // SAFETY: the text ends with a zero. What the system made is of the length that it names; it is
    // copied, and freed as the system wants it.
    unsafe {
        let converted = ConvertStringSecurityDescriptorToSecurityDescriptorW(
            text.as_ptr(),
            SDDL_REVISION_1,
            &mut made,
            &mut length,
        );
        if converted == 0 {
            return Err(io::Error::last_os_error());
        }
        let mut descriptor = Descriptor::of_length(length as usize);
        made.cast::<u8>().copy_to(descriptor.as_mut_ptr().cast(), length as usize);
        LocalFree(made);
        Ok(descriptor)
    }
}

/// The SID of the user of this process, as text.
fn user_sid() -> io::Result<String> {
    // In words, for its alignment; no SID has more than 68 bytes.
    let mut user = [0u64; 16];
    let mut returned = 0;
    let mut text = null_mut();
    // SAFETY: the token is owned from here on. The buffer has the room that is named, and then begins
    // with a TOKEN_USER. The text ends with a zero, is copied, and freed as the system wants it.
    unsafe {
        let mut token = null_mut();
        if OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &mut token) == 0 {
            return Err(io::Error::last_os_error());
        }
        let token = OwnedHandle::from_raw_handle(token);
        let room = size_of_val(&user) as u32;
        let buffer = user.as_mut_ptr().cast();
        if GetTokenInformation(token.as_raw_handle(), TokenUser, buffer, room, &mut returned) == 0 {
            return Err(io::Error::last_os_error());
        }
        let sid = (*user.as_ptr().cast::<TOKEN_USER>()).User.Sid;
        if ConvertSidToStringSidW(sid, &mut text) == 0 {
            return Err(io::Error::last_os_error());
        }
        let length = (0..).take_while(|&at| *text.add(at) != 0).count();
        let sid = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        Ok(sid)
    }
}
