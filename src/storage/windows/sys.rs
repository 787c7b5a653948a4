//! The system calls that the standard library does not have, as safe functions.
//!
//! Each takes an open handle that a borrowed [`File`] keeps alive, or a path, and buffers that outlive
//! the call. Errors are the system's own.

use std::ffi::{OsString, c_void};
use std::fs::File;
use std::io;
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{
    ERROR_INSUFFICIENT_BUFFER, ERROR_MORE_DATA, INVALID_HANDLE_VALUE,
};
use windows_sys::Win32::Security::{
    GetKernelObjectSecurity, OBJECT_SECURITY_INFORMATION, SECURITY_ATTRIBUTES,
    SetKernelObjectSecurity,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ALLOCATION_INFO,
    FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_TAG_INFO, FILE_DISPOSITION_INFO,
    FILE_DISPOSITION_INFO_EX, FILE_DISPOSITION_INFO_EX_FLAGS, FILE_ID_INFO,
    FILE_INFO_BY_HANDLE_CLASS, FILE_SHARE_MODE, FILE_STANDARD_INFO, FILE_TYPE_DISK,
    FileAllocationInfo, FileAttributeTagInfo, FileDispositionInfo, FileDispositionInfoEx,
    FileIdInfo, FileStandardInfo, GetDiskFreeSpaceExW, GetDiskFreeSpaceW,
    GetFileInformationByHandle, GetFileInformationByHandleEx, GetFileType,
    GetFinalPathNameByHandleW, GetVolumeInformationByHandleW, MOVE_FILE_FLAGS, MoveFileExW,
    SetFileInformationByHandle,
};
use windows_sys::Win32::System::IO::DeviceIoControl;
use windows_sys::Win32::System::Ioctl::{
    DUPLICATE_EXTENTS_DATA, FILE_ALLOCATED_RANGE_BUFFER, FSCTL_GET_INTEGRITY_INFORMATION_BUFFER,
    FSCTL_SET_INTEGRITY_INFORMATION_BUFFER,
};
use windows_sys::core::BOOL;

fn check(succeeded: BOOL) -> io::Result<()> {
    if succeeded == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// UTF-16 with a zero behind it; a name with a zero in it would be cut off there.
fn wide(path: &Path) -> io::Result<Vec<u16>> {
    let mut units: Vec<u16> = path.as_os_str().encode_wide().collect();
    if units.contains(&0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the name holds a zero"));
    }
    units.push(0);
    Ok(units)
}

fn size_of_u32<T>() -> u32 {
    size_of::<T>() as u32
}

/// Creates a file that must not exist, with a security descriptor of its own.
pub fn create_file(
    path: &Path,
    access: u32,
    share: FILE_SHARE_MODE,
    descriptor: &Descriptor,
) -> io::Result<File> {
    let (path, attributes) = (wide(path)?, descriptor.attributes());
    // SAFETY: path and attributes live until the call returns; the handle that comes back is ours.
    unsafe {
        let handle = CreateFileW(
            path.as_ptr(),
            access,
            share,
            &attributes,
            CREATE_NEW,
            FILE_ATTRIBUTE_NORMAL,
            null_mut(),
        );
        match handle {
            INVALID_HANDLE_VALUE => Err(io::Error::last_os_error()),
            handle => Ok(File::from_raw_handle(handle)),
        }
    }
}

/// Creates a folder that must not exist, with a security descriptor of its own.
pub fn create_dir(path: &Path, descriptor: &Descriptor) -> io::Result<()> {
    let (path, attributes) = (wide(path)?, descriptor.attributes());
    // SAFETY: both live until the call returns.
    check(unsafe { CreateDirectoryW(path.as_ptr(), &attributes) })
}

/// Renames as the flags say.
pub fn rename(from: &Path, to: &Path, flags: MOVE_FILE_FLAGS) -> io::Result<()> {
    let (from, to) = (wide(from)?, wide(to)?);
    // SAFETY: both names live until the call returns.
    check(unsafe { MoveFileExW(from.as_ptr(), to.as_ptr(), flags) })
}

/// Bytes that the caller may still write to the volume of a folder.
pub fn free_bytes(dir: &Path) -> io::Result<u64> {
    let (dir, mut free) = (wide(&dir.join(""))?, 0);
    // SAFETY: the name and the counter live until the call returns; null stands for "not wanted".
    check(unsafe { GetDiskFreeSpaceExW(dir.as_ptr(), &mut free, null_mut(), null_mut()) })?;
    Ok(free)
}

/// Bytes of a logical sector of the volume of a folder.
pub fn sector_bytes(dir: &Path) -> io::Result<u32> {
    let (dir, mut sector) = (wide(&dir.join(""))?, 0);
    let (mut clusters, mut free, mut total) = (0, 0, 0);
    // SAFETY: the name and all counters live until the call returns.
    check(unsafe {
        GetDiskFreeSpaceW(dir.as_ptr(), &mut clusters, &mut sector, &mut free, &mut total)
    })?;
    Ok(sector)
}

/// Whether a handle is that of something on a disk, not of a console, a pipe or a device.
pub fn is_on_disk(file: &File) -> bool {
    // SAFETY: the handle is open.
    unsafe { GetFileType(file.as_raw_handle()) == FILE_TYPE_DISK }
}

/// Attributes, times, volume, number of an open file.
pub fn information(file: &File) -> io::Result<BY_HANDLE_FILE_INFORMATION> {
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the handle is open, and the structure is of the type that the call fills.
    check(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut information) })?;
    Ok(information)
}

/// A structure of plain integers that [`query`] can fill or [`set`] can hand over.
trait Information: Default {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS;
}

impl Information for FILE_STANDARD_INFO {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileStandardInfo;
}

impl Information for FILE_ATTRIBUTE_TAG_INFO {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileAttributeTagInfo;
}

impl Information for FILE_ID_INFO {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileIdInfo;
}

impl Information for FILE_ALLOCATION_INFO {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileAllocationInfo;
}

impl Information for FILE_DISPOSITION_INFO {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileDispositionInfo;
}

impl Information for FILE_DISPOSITION_INFO_EX {
    const CLASS: FILE_INFO_BY_HANDLE_CLASS = FileDispositionInfoEx;
}

fn query<T: Information>(file: &File) -> io::Result<T> {
    let mut value = T::default();
    // SAFETY: the handle is open; the buffer is the structure that belongs to the class, of its size.
    check(unsafe {
        GetFileInformationByHandleEx(
            file.as_raw_handle(),
            T::CLASS,
            (&raw mut value).cast(),
            size_of_u32::<T>(),
        )
    })?;
    Ok(value)
}

fn set<T: Information>(file: &File, value: &T) -> io::Result<()> {
    // SAFETY: the handle is open; the buffer is the structure that belongs to the class, of its size.
    check(unsafe {
        SetFileInformationByHandle(
            file.as_raw_handle(),
            T::CLASS,
            (&raw const *value).cast(),
            size_of_u32::<T>(),
        )
    })
}

/// Length, allocated length, number of links.
pub fn standard(file: &File) -> io::Result<FILE_STANDARD_INFO> {
    query(file)
}

/// The tag of a reparse point.
pub fn reparse_tag(file: &File) -> io::Result<u32> {
    Ok(query::<FILE_ATTRIBUTE_TAG_INFO>(file)?.ReparseTag)
}

/// Volume and file number, both wide enough for ReFS. Windows 7 does not know it.
pub fn wide_identity(file: &File) -> io::Result<(u64, u128)> {
    let id: FILE_ID_INFO = query(file)?;
    Ok((id.VolumeSerialNumber, u128::from_le_bytes(id.FileId.Identifier)))
}

/// Allocates space.
pub fn allocate(file: &File, length_bytes: u64) -> io::Result<()> {
    let length = i64::try_from(length_bytes).map_err(io::Error::other)?;
    set(file, &FILE_ALLOCATION_INFO { AllocationSize: length })
}

/// Marks a file, opened for it, for deletion.
pub fn delete(file: &File) -> io::Result<()> {
    set(file, &FILE_DISPOSITION_INFO { DeleteFile: true })
}

/// Removes a file, opened for it, as the `FILE_DISPOSITION_FLAG_...` say. Windows 7 does not know it.
pub fn delete_with(file: &File, flags: FILE_DISPOSITION_INFO_EX_FLAGS) -> io::Result<()> {
    set(file, &FILE_DISPOSITION_INFO_EX { Flags: flags })
}

/// What the file system of an open file can do, `FILE_SUPPORTS_...`.
pub fn file_system_flags(file: &File) -> io::Result<u32> {
    let mut flags = 0;
    // SAFETY: the handle is open; null and 0 stand for "not wanted".
    check(unsafe {
        GetVolumeInformationByHandleW(
            file.as_raw_handle(),
            null_mut(),
            0,
            null_mut(),
            null_mut(),
            &mut flags,
            null_mut(),
            0,
        )
    })?;
    Ok(flags)
}

/// The full name of an open file, in the verbatim form, links resolved, as it is spelled on the disk.
pub fn final_path(file: &File) -> io::Result<PathBuf> {
    let mut units = vec![0u16; 1024];
    loop {
        let room = u32::try_from(units.len()).map_err(io::Error::other)?;
        // SAFETY: the handle is open, and the buffer has the room that is named.
        let length =
            unsafe { GetFinalPathNameByHandleW(file.as_raw_handle(), units.as_mut_ptr(), room, 0) };
        match length as usize {
            0 => return Err(io::Error::last_os_error()),
            fits if fits < units.len() => {
                return Ok(PathBuf::from(OsString::from_wide(&units[..fits])));
            }
            needed => units.resize(needed + 1, 0),
        }
    }
}

/// What a driver takes or gives: structures of the system's headers, which any bytes are a value of.
pub trait Plain: Default {}
impl Plain for () {}
impl Plain for Integers<FILE_ALLOCATED_RANGE_BUFFER> {}
impl Plain for Integers<FSCTL_GET_INTEGRITY_INFORMATION_BUFFER> {}
impl Plain for Integers<FSCTL_SET_INTEGRITY_INFORMATION_BUFFER> {}
impl Plain for Extent {}

/// A structure of integers, as a driver takes or gives it.
#[derive(Default)]
#[repr(transparent)]
pub struct Integers<T>(pub T);

/// A stretch of a file, which it names by its handle.
#[derive(Default)]
#[repr(transparent)]
#[allow(dead_code)] // only the system reads it
pub struct Extent(pub DUPLICATE_EXTENTS_DATA);

/// Asks the driver of a file. `Ok` with what it answered, as far as it fits.
pub fn control<I: Plain, O: Plain>(file: &File, code: u32, input: &I) -> io::Result<(O, usize)> {
    let (mut output, mut returned) = (O::default(), 0);
    let (input_bytes, output_bytes) = (size_of_u32::<I>(), size_of_u32::<O>());
    let input = if input_bytes == 0 { null() } else { (&raw const *input).cast::<c_void>() };
    let room = if output_bytes == 0 { null_mut() } else { (&raw mut output).cast::<c_void>() };
    // SAFETY: the handle is open and synchronous; both buffers are of the sizes that are named, and any
    // bytes are a value of the output's type.
    let done = check(unsafe {
        DeviceIoControl(
            file.as_raw_handle(),
            code,
            input,
            input_bytes,
            room,
            output_bytes,
            &mut returned,
            null_mut(),
        )
    });
    match done {
        // More would follow: the first of it is what was asked for.
        Err(e) if e.raw_os_error() == Some(ERROR_MORE_DATA as i32) => {}
        done => done?,
    }
    Ok((output, returned as usize))
}

/// A security descriptor in its self-relative form.
#[derive(Clone)]
pub struct Descriptor {
    /// In words, for its alignment.
    words: Vec<u64>,
}

impl Descriptor {
    /// A zeroed one of at least so many bytes.
    pub fn of_length(bytes: usize) -> Self {
        Self { words: vec![0; bytes.div_ceil(8)] }
    }

    /// Where it begins.
    pub fn as_ptr(&self) -> *mut c_void {
        self.words.as_ptr().cast_mut().cast()
    }

    /// Where it can be written to.
    pub fn as_mut_ptr(&mut self) -> *mut c_void {
        self.words.as_mut_ptr().cast()
    }

    fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of_u32::<SECURITY_ATTRIBUTES>(),
            lpSecurityDescriptor: self.as_ptr(),
            bInheritHandle: 0,
        }
    }
}

/// The parts of the security descriptor of an open file that are asked for.
pub fn security(file: &File, parts: OBJECT_SECURITY_INFORMATION) -> io::Result<Descriptor> {
    let mut descriptor = Descriptor::of_length(4096);
    loop {
        let room = size_of_val(descriptor.words.as_slice()) as u32;
        let mut needed = 0;
        // SAFETY: the handle is open, and the buffer has the room that is named.
        let got = check(unsafe {
            GetKernelObjectSecurity(
                file.as_raw_handle(),
                parts,
                descriptor.as_mut_ptr(),
                room,
                &mut needed,
            )
        });
        match got {
            Err(e)
                if e.raw_os_error() == Some(ERROR_INSUFFICIENT_BUFFER as i32) && needed > room =>
            {
                descriptor = Descriptor::of_length(needed as usize);
            }
            got => return got.map(|()| descriptor),
        }
    }
}

/// Sets these parts of the security descriptor of an open file, as they are.
pub fn set_security(
    file: &File,
    parts: OBJECT_SECURITY_INFORMATION,
    descriptor: &Descriptor,
) -> io::Result<()> {
    // SAFETY: the handle is open; the descriptor is a whole one that the system itself made.
    check(unsafe { SetKernelObjectSecurity(file.as_raw_handle(), parts, descriptor.as_ptr()) })
}
