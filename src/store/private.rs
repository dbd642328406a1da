//! Files and folders that are their user's alone, whatever the umask says: the store holds tokens'
//! versions and what members keep, and so do its backups and exports.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// Makes a folder, and those above it as usual. One that is there already stays as it is: who made
/// it has decided who may look into it.
pub fn create_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        fs::create_dir_all(above)?;
    }
    DirBuilder::new().mode(FOLDER).create(path)?;
    // The umask may have taken something away.
    fs::set_permissions(path, Permissions::from_mode(FOLDER))
}

/// Makes a file for something unfinished, in place of one that was left behind.
pub fn create_file(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    // New, so that nobody else has it open or has put a link there.
    let file = options.write(true).create_new(true).mode(FILE).open(path)?;
    file.set_permissions(Permissions::from_mode(FILE))?;
    Ok(file)
}

/// Fails if there is something with this name.
pub fn expect_free(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => {
            let problem = format!("{} exists; choose another name", path.display());
            Err(io::Error::new(io::ErrorKind::AlreadyExists, problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_made_is_for_its_user_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("above/folder");
        create_folder(&folder).unwrap();
        assert_eq!(mode(&folder), FOLDER);
        let file = folder.join("file");
        fs::write(&file, "left behind").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        create_file(&file).unwrap();
        assert_eq!(mode(&file), FILE);
        assert_eq!(fs::read(&file).unwrap(), b"");
    }

    #[test]
    fn a_folder_that_is_there_stays_as_it_is() {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), Permissions::from_mode(0o750)).unwrap();
        create_folder(place.path()).unwrap();
        assert_eq!(mode(place.path()), 0o750);
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let (other, file) = (place.path().join("other"), place.path().join("file"));
        fs::write(&other, "untouched").unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        assert!(expect_free(&file).is_err());
        create_file(&file).unwrap();
        assert_eq!(fs::read(&other).unwrap(), b"untouched");
        assert!(expect_free(&place.path().join("nothing")).is_ok());
    }
}
