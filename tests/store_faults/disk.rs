//! A small disk of a test's own: a tmpfs.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

/// Set for the process that a test goes on in, where it may mount.
const INSIDE: &str = "LANTERN_FAULT_INSIDE";

/// Runs a test with a disk of so many MiB. Who may not mount does it in a namespace of one's own; where
/// that is not allowed either, the test is left out with a word, but never in CI.
pub fn on_small_disk(test: &str, mib: u32, body: impl FnOnce(&SmallDisk)) {
    if let Some(disk) = SmallDisk::mount(mib) {
        return body(&disk);
    }
    assert!(
        std::env::var_os(INSIDE).is_none(),
        "it may not mount even there"
    );
    let is_possible = Command::new("unshare").args(["-Urm", "true"]).status();
    if is_possible.is_ok_and(|status| status.success()) {
        let inside = Command::new("unshare")
            .arg("-Urm")
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(INSIDE, "1")
            .status();
        assert!(inside.unwrap().success(), "see above");
        return;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "CI must be able to mount a tmpfs"
    );
    println!("left out, for it needs root or `unshare -Urm`: {test}");
}

pub struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(mib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={mib}m");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .output();
        let is_mounted = mount.is_ok_and(|mount| mount.status.success());
        is_mounted.then_some(Self(folder))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn ballast(&self) -> PathBuf {
        self.path().join("ballast")
    }

    /// Takes all the room that is left.
    pub fn fill(&self) {
        let mut file = File::create(self.ballast()).unwrap();
        while file.write(&[1; 4_096]).is_ok() {}
    }

    /// Gives so many pages of it back.
    pub fn give_back(&self, pages: u64) {
        let file = File::options().write(true).open(self.ballast()).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(pages * 4_096)).unwrap();
    }

    /// Gives all of it back.
    pub fn empty(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    /// Nothing can be written any more.
    pub fn forbid(&self) {
        let mut mount = Command::new("mount");
        mount.args(["-o", "remount,ro"]).arg(self.path());
        assert!(mount.status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}
