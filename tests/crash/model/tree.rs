//! A file system as a plain value: cheap to copy, comparable by a digest.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use twox_hash::XxHash3_128 as Hasher;

/// Number of a file or folder; the root is 0.
pub type Ino = usize;

/// A file's bytes, with their digest once somebody asked for it.
#[derive(Default)]
pub struct Content {
    pub bytes: Vec<u8>,
    digest: OnceLock<u128>,
}

impl Content {
    fn digest(&self) -> u128 {
        *self.digest.get_or_init(|| Hasher::oneshot(&self.bytes))
    }
}

/// A file or a folder. It exists whether or not a name leads to it.
#[derive(Clone)]
pub enum Node {
    File(Arc<Content>),
    Dir(Arc<BTreeMap<String, Ino>>),
}

/// All files and folders.
#[derive(Clone)]
pub struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    /// An empty root.
    pub fn new() -> Self {
        Self { nodes: vec![Node::Dir(Arc::default())] }
    }

    /// Number of the next file or folder.
    pub fn next_ino(&self) -> Ino {
        self.nodes.len()
    }

    /// Makes sure that a node exists, empty where it is new.
    pub fn ensure(&mut self, ino: Ino, is_dir: bool) {
        while self.nodes.len() <= ino {
            let is_dir = is_dir && self.nodes.len() == ino;
            self.nodes.push(if is_dir {
                Node::Dir(Arc::default())
            } else {
                Node::File(Arc::default())
            });
        }
    }

    /// Puts a file into the tree, with the folders above it.
    pub fn put(&mut self, path: &Path, bytes: &[u8]) {
        let dir = self.make_dirs(path.parent().unwrap());
        let ino = self.next_ino();
        self.ensure(ino, false);
        self.write(ino, |content| content.extend_from_slice(bytes));
        self.link(dir, &name_of(path), ino);
    }

    /// Makes a folder and those above it.
    pub fn make_dirs(&mut self, path: &Path) -> Ino {
        let mut at = 0;
        for name in names(path) {
            at = self.child(at, &name).unwrap_or_else(|| {
                let ino = self.next_ino();
                self.ensure(ino, true);
                self.link(at, &name, ino);
                ino
            });
        }
        at
    }

    /// The file or folder that a path names.
    pub fn find(&self, path: &Path) -> Option<Ino> {
        names(path).iter().try_fold(0, |at, name| self.child(at, name))
    }

    /// The bytes of the file that a path names.
    pub fn bytes_at(&self, path: &Path) -> Option<&[u8]> {
        self.bytes(self.find(path)?)
    }

    /// The bytes of a file.
    pub fn bytes(&self, ino: Ino) -> Option<&[u8]> {
        match self.nodes.get(ino)? {
            Node::File(content) => Some(&content.bytes),
            Node::Dir(_) => None,
        }
    }

    /// The names in a folder.
    pub fn entries(&self, ino: Ino) -> Option<&BTreeMap<String, Ino>> {
        match self.nodes.get(ino)? {
            Node::Dir(entries) => Some(entries),
            Node::File(_) => None,
        }
    }

    fn child(&self, dir: Ino, name: &str) -> Option<Ino> {
        self.entries(dir)?.get(name).copied()
    }

    /// Changes the bytes of a file.
    pub fn write(&mut self, ino: Ino, change: impl FnOnce(&mut Vec<u8>)) {
        // A file may have content before it has a name.
        self.ensure(ino, false);
        let Node::File(content) = &mut self.nodes[ino] else { panic!("a folder has no bytes") };
        if let Some(content) = Arc::get_mut(content) {
            change(&mut content.bytes);
            content.digest.take();
            return;
        }
        let mut bytes = content.bytes.clone();
        change(&mut bytes);
        *content = Arc::new(Content { bytes, digest: OnceLock::new() });
    }

    /// Gives a file or folder a name.
    pub fn link(&mut self, dir: Ino, name: &str, ino: Ino) {
        let Node::Dir(entries) = &mut self.nodes[dir] else { panic!("a file has no names") };
        Arc::make_mut(entries).insert(name.to_owned(), ino);
    }

    /// Takes a name away.
    pub fn unlink(&mut self, dir: Ino, name: &str) {
        let Node::Dir(entries) = &mut self.nodes[dir] else { panic!("a file has no names") };
        if entries.contains_key(name) {
            Arc::make_mut(entries).remove(name);
        }
    }

    /// Takes every name of a file away.
    pub fn unlink_everywhere(&mut self, ino: Ino) {
        for node in &mut self.nodes {
            if let Node::Dir(entries) = node
                && entries.values().any(|&other| other == ino)
            {
                Arc::make_mut(entries).retain(|_, &mut other| other != ino);
            }
        }
    }

    /// This tree without what no path leads to, numbered by the names alone: equal trees then have equal
    /// numbers, whatever led to them.
    pub fn renumbered(&self) -> Self {
        let mut fresh = Self::new();
        self.copy_dir(0, &mut fresh, 0);
        fresh
    }

    fn copy_dir(&self, dir: Ino, fresh: &mut Self, fresh_dir: Ino) {
        for (name, &ino) in self.entries(dir).into_iter().flatten() {
            let copy = fresh.next_ino();
            match &self.nodes[ino] {
                Node::File(content) => fresh.nodes.push(Node::File(Arc::clone(content))),
                Node::Dir(_) => {
                    fresh.nodes.push(Node::Dir(Arc::default()));
                    self.copy_dir(ino, fresh, copy);
                }
            }
            fresh.link(fresh_dir, name, copy);
        }
    }

    /// Every file that a path leads to.
    pub fn files(&self) -> Vec<(PathBuf, Ino)> {
        let mut found = Vec::new();
        self.collect(0, Path::new("/"), &mut found);
        found
    }

    fn collect(&self, dir: Ino, path: &Path, found: &mut Vec<(PathBuf, Ino)>) {
        for (name, &ino) in self.entries(dir).into_iter().flatten() {
            match &self.nodes[ino] {
                Node::File(_) => found.push((path.join(name), ino)),
                Node::Dir(_) => self.collect(ino, &path.join(name), found),
            }
        }
    }

    /// Adds everything that a path leads to.
    pub fn digest_into(&self, hasher: &mut Hasher) {
        self.digest_dir(0, hasher);
    }

    fn digest_dir(&self, dir: Ino, hasher: &mut Hasher) {
        for (name, &ino) in self.entries(dir).into_iter().flatten() {
            hasher.write(name.as_bytes());
            match &self.nodes[ino] {
                Node::File(content) => {
                    hasher.write(&[0]);
                    hasher.write(&content.digest().to_le_bytes());
                }
                Node::Dir(_) => {
                    hasher.write(&[1]);
                    self.digest_dir(ino, hasher);
                    hasher.write(&[2]);
                }
            }
        }
    }
}

/// The last component of a path.
pub fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn names(path: &Path) -> Vec<String> {
    let normal = path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_str().unwrap().to_owned()),
        _ => None,
    });
    normal.collect()
}
