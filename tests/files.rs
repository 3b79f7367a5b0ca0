//! Finding, reading and replacing files on a real disk.
#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![cfg(unix)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use harden::files::{
    self, Found, MAX_MANIFEST_BYTES, PassedOver, Repositories, RepositoryKind, find, read, read_at_most, replace,
    repository_files,
};
use harden::outcome::{Reason, ReasonCode};

/// A directory for one test, without symbolic links in its own path.
fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

/// Files with their own path as content; a name that ends in `/` is a folder.
fn tree(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        if name.ends_with('/') {
            fs::create_dir_all(path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        }
    }
}

fn found(cwd: &Path, paths: &[&str]) -> Found {
    find(&paths.iter().map(PathBuf::from).collect::<Vec<_>>(), cwd).unwrap()
}

fn shown(found: &Found) -> Vec<String> {
    found
        .files
        .iter()
        .map(|file| file.display.to_str().unwrap().to_string())
        .collect()
}

fn problems(found: &Found, cwd: &Path) -> Vec<String> {
    let text = |(path, reason): &(PathBuf, Reason)| {
        format!("{}: {} [{}]", path.display(), reason.message, reason.code.code()).replace(cwd.to_str().unwrap(), "CWD")
    };
    found.problems.iter().map(text).collect()
}

/// What is in a folder, to show that nothing was left behind.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_walk_takes_manifests_by_name_in_byte_order() {
    let (_guard, root) = scratch();
    tree(
        &root,
        &[
            "b.YAML",
            "a/z.yml",
            "a-b.json",
            "a.yaml",
            "readme.md",
            "yaml",
            "x.yaml.bak",
            "a/.hidden.yaml",
        ],
    );
    tree(
        &root,
        &[
            ".github/w.yaml",
            ".editorconfig",
            ".git/config.yaml",
            "dir.yaml/in.yaml",
        ],
    );
    let found = found(&root, &["."]);
    assert_eq!(
        shown(&found),
        ["a-b.json", "a.yaml", "a/z.yml", "b.YAML", "dir.yaml/in.yaml"]
    );
    assert_eq!(
        found.hidden, 2,
        ".github and a/.hidden.yaml; .git and .editorconfig are no news"
    );
    assert!(found.problems.is_empty());
    assert!(
        found
            .files
            .iter()
            .all(|file| file.root.is_none() && file.path.is_absolute())
    );
}

#[test]
fn gits_rules_hold_with_and_without_git_but_not_from_beyond_the_repository() {
    let (_guard, top) = scratch();
    fs::write(top.join(".gitignore"), "*.yaml\n").unwrap();
    let root = top.join("repo");
    tree(
        &root,
        &[
            "keep.yaml",
            "gen/a.yaml",
            "sub/b.yaml",
            "sub/own.yaml",
            "sub/deep/c.yaml",
            "mine.yaml",
        ],
    );
    tree(&root, &["node_modules/d.yaml", ".git/info/"]);
    fs::write(root.join(".gitignore"), "/gen/\nsub/b.yaml\n").unwrap();
    fs::write(root.join("sub/.gitignore"), "own.yaml\n").unwrap();
    fs::write(root.join(".git/info/exclude"), "mine.yaml\n").unwrap();
    fs::write(root.join(".ignore"), "keep.yaml\n").unwrap();
    let all = ["keep.yaml", "node_modules/d.yaml", "sub/deep/c.yaml"];
    assert_eq!(shown(&found(&root, &["."])), all);
    assert_eq!(
        shown(&found(&root, &["sub"])),
        ["sub/deep/c.yaml"],
        "rules of parents hold below a named folder"
    );
    // Without Git every ancestor's file counts, as Git would see it were one of them the root.
    fs::remove_file(top.join(".gitignore")).unwrap();
    fs::remove_dir_all(root.join(".git")).unwrap();
    assert_eq!(
        shown(&found(&root, &["."])),
        ["keep.yaml", "mine.yaml", "node_modules/d.yaml", "sub/deep/c.yaml"]
    );
    // Nothing says there whether those that are left out are the repository's: they are told of.
    let passed_over = found(&root, &["."]).passed_over;
    let root = root.canonicalize().unwrap();
    let ignored = ["gen/a.yaml", "sub/b.yaml", "sub/own.yaml"].map(|path| (root.join(path), PassedOver::Ignored));
    assert_eq!(passed_over.into_iter().collect::<Vec<_>>(), ignored);
}

#[test]
fn what_git_tracks_is_there_whatever_the_ignore_rules_say() {
    let (_guard, root) = scratch();
    tree(
        &root,
        &[
            "kustomize/base/a.yaml",
            "kustomize/base/new.yaml",
            ".ci/t.yaml",
            "gone.yaml",
        ],
    );
    let git = |arguments: &[&str]| {
        let command = Command::new("git").args(arguments).current_dir(&root).output();
        command.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q"]) || !git(&["add", "kustomize/base/a.yaml", ".ci/t.yaml", "gone.yaml"]) {
        println!("skipped: there is no git");
        return;
    }
    fs::write(root.join(".gitignore"), "kustomize\n*.yaml\n").unwrap();
    fs::remove_file(root.join("gone.yaml")).unwrap();
    assert_eq!(shown(&found(&root, &["."])), ["kustomize/base/a.yaml"]);
    assert_eq!(shown(&found(&root, &["kustomize"])), ["kustomize/base/a.yaml"]);
    let new = root.canonicalize().unwrap().join("kustomize/base/new.yaml");
    assert!(
        !found(&root, &["."]).passed_over.contains_key(&new),
        "Git knows, and says no"
    );
    assert!(git(&["update-index", "--index-version", "4"]));
    assert_eq!(shown(&found(&root, &["."])), ["kustomize/base/a.yaml"]);
}

#[test]
fn what_git_tracks_is_known_wherever_its_index_is() {
    let (_guard, top) = scratch();
    let git = |folder: &str, arguments: &[&str]| {
        let user = [
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "-c",
            "protocol.file.allow=always",
        ];
        let mut command = Command::new("git");
        command.args(user).args(arguments).current_dir(top.join(folder));
        command.output().is_ok_and(|output| output.status.success())
    };
    for (name, format) in [("main", "sha1"), ("long", "sha256")] {
        tree(
            &top,
            &[&format!("{name}/deploy/a.yaml"), &format!("{name}/deploy/b.yaml")],
        );
        fs::write(top.join(name).join(".gitignore"), "deploy/\n").unwrap();
        let init = format!("--object-format={format}");
        if !git(name, &["init", "-q", &init]) || !git(name, &["add", "-f", "."]) || !git(name, &["commit", "-qm", "x"])
        {
            println!("skipped: there is no git that knows {format}");
            return;
        }
    }
    tree(&top, &["super/"]);
    assert!(git("main", &["worktree", "add", "-q", "../tree"]));
    assert!(git("super", &["init", "-q"]));
    assert!(git("super", &["submodule", "--quiet", "add", "../main", "module"]));
    let list = |folder: &str| shown(&found(&top.join(folder), &["."]));
    for folder in ["main", "long", "tree", "super/module"] {
        assert_eq!(list(folder), ["deploy/a.yaml", "deploy/b.yaml"], "{folder}");
    }
    assert_eq!(list("super"), ["module/deploy/a.yaml", "module/deploy/b.yaml"]);
    // A split index: one entry is gone, one is changed, one is new.
    for folder in ["main", "tree"] {
        tree(&top, &[&format!("{folder}/deploy/c.yaml")]);
        fs::write(top.join(folder).join("deploy/b.yaml"), "changed").unwrap();
        assert!(git(folder, &["config", "splitIndex.maxPercentChange", "100"]));
        assert!(git(folder, &["update-index", "--split-index"]));
        assert!(git(folder, &["rm", "-q", "--cached", "deploy/a.yaml"]));
        assert!(git(folder, &["add", "-f", "deploy/b.yaml", "deploy/c.yaml"]));
        assert_eq!(list(folder), ["deploy/b.yaml", "deploy/c.yaml"], "{folder}");
    }
}

#[test]
fn an_index_that_cannot_be_read_does_not_say_that_nothing_is_tracked() {
    let (_guard, root) = scratch();
    tree(&root, &["a.yaml", "gen/b.yaml", "nested/gen/c.yaml", ".git/"]);
    fs::write(root.join(".gitignore"), "gen/\n").unwrap();
    fs::write(root.join(".git/index"), "DIRC, or so").unwrap();
    fs::write(root.join("nested/.git"), "gitdir: /no/such/place\n").unwrap();
    fs::write(root.join("nested/.gitignore"), "gen/\n").unwrap();
    let found = found(&root, &["."]);
    assert_eq!(shown(&found), ["a.yaml"]);
    let unknown = ["gen/b.yaml", "nested/gen/c.yaml"].map(|path| (root.join(path), PassedOver::MaybeTracked));
    assert_eq!(found.passed_over.into_iter().collect::<Vec<_>>(), unknown);
}

#[test]
fn the_users_own_ignore_file_does_not_count() {
    let (_guard, root) = scratch();
    tree(&root, &["repo/.git/", "repo/a.yaml", "home/git/"]);
    fs::write(root.join("home/git/ignore"), "*.yaml\n").unwrap();
    let Some(output) = in_child("child_counts_files", &root, &root.join("repo"), &[]) else {
        return;
    };
    assert_eq!(output, "a.yaml\n");
}

#[test]
fn a_named_file_is_taken_whatever_it_is_called() {
    let (_guard, root) = scratch();
    tree(&root, &["deploy.tpl", ".hidden/x.yaml", "gen/a.yaml", "gen/b.yaml"]);
    fs::write(root.join(".gitignore"), "gen\n").unwrap();
    assert_eq!(
        shown(&found(&root, &["deploy.tpl", "gen/a.yaml"])),
        ["deploy.tpl", "gen/a.yaml"]
    );
    assert_eq!(shown(&found(&root, &[".hidden"])), [".hidden/x.yaml"]);
    assert_eq!(shown(&found(&root, &[])), [""; 0]);
}

#[test]
fn overlapping_paths_count_once_however_they_are_spelled() {
    let (_guard, root) = scratch();
    tree(&root, &["k8s/a.yaml", "k8s/b.yaml", "other/", ".github/w.yaml"]);
    symlink("k8s", root.join("link")).unwrap();
    let absolute = root.join("k8s/a.yaml");
    let paths = [
        ".",
        "k8s",
        "./k8s/a.yaml",
        "other/../k8s",
        absolute.to_str().unwrap(),
        "link",
        "link/b.yaml",
        ".",
    ];
    let found = found(&root, &paths);
    assert_eq!(shown(&found), ["k8s/a.yaml", "k8s/b.yaml"]);
    assert_eq!((found.hidden, found.links), (1, 1));
    assert_eq!(
        crate::found(&root, &[".", ".github"]).hidden,
        0,
        "what is named is not passed over"
    );
}

#[test]
fn a_link_that_leads_out_of_the_repository_is_not_followed_to_a_folder() {
    let (_guard, top) = scratch();
    tree(&top, &["repo/.git/", "repo/k8s/a.yaml", "repo/deep/", "outside/b.yaml"]);
    let repo = top.join("repo");
    symlink("../outside", repo.join("out")).unwrap();
    symlink("../k8s", repo.join("deep/in")).unwrap();
    symlink(&repo, top.join("alias")).unwrap();
    for path in ["out", "out/b.yaml", "deep/../out/b.yaml", "../alias/out/b.yaml"] {
        let found = found(&repo, &[path]);
        assert_eq!(shown(&found), [""; 0], "{path}");
        let [(_, reason)] = found.problems.as_slice() else {
            panic!("{path}: {:?}", found.problems)
        };
        assert!(reason.message.contains("out of the repository"), "{}", reason.message);
    }
    // A link inside it, and one above every repository, are ways like others.
    for path in ["deep/in/a.yaml", "deep/in", "../alias/k8s"] {
        assert_eq!(shown(&found(&repo, &[path])), ["k8s/a.yaml"], "{path}");
    }
}

#[test]
fn a_repository_is_listed_by_the_walk_that_saw_all_of_it_and_by_no_other() {
    let (_guard, root) = scratch();
    tree(&root, &[".git/", "a/one.yaml", "a/.hid/ns.yaml", "ign/ns.yaml"]);
    fs::write(root.join(".gitignore"), "ign\n").unwrap();
    let listed = |paths: &[&str]| found(&root, paths).listings.get(&root).cloned();
    let alone = Some(vec![root.join("a/one.yaml")]);
    for paths in [
        &["."][..],
        &[".", "a/.hid"],
        &["a/.hid", "."],
        &[".", "ign", "a"],
        &[".", "ign/ns.yaml"],
    ] {
        assert_eq!(listed(paths), alone, "{paths:?}");
    }
    assert_eq!(listed(&["a", "a/.hid"]), None);
}

#[test]
fn files_outside_the_working_directory_are_shown_from_the_named_folder() {
    let (_guard, top) = scratch();
    tree(&top, &["here/x.yaml", "there/sub/y.yaml", "there/z.yaml"]);
    let cwd = top.join("here");
    let list = |paths: &[&str]| {
        let line = |file: &files::File| {
            let root = file.root.as_ref().map_or("-".to_string(), |root| {
                root.strip_prefix(&top).unwrap().display().to_string()
            });
            format!("{} {root}", file.display.display())
        };
        found(&cwd, paths).files.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(list(&["../there"]), ["sub/y.yaml there", "z.yaml there"]);
    assert_eq!(list(&["../there/sub/y.yaml"]), ["y.yaml there/sub"]);
    assert_eq!(
        list(&["../there/sub", "../there", "../there/z.yaml"]),
        ["sub/y.yaml there", "z.yaml there"]
    );
    assert_eq!(
        list(&["..", "."]),
        ["there/sub/y.yaml ", "there/z.yaml ", "x.yaml -"],
        "a file below the working directory is shown from there"
    );
}

#[test]
fn links_are_not_followed_in_a_walk_and_refused_by_name() {
    let (_guard, root) = scratch();
    tree(&root, &["real/a.yaml", "outside/o.yaml", "walk/w.yaml"]);
    symlink("../outside", root.join("walk/dir")).unwrap();
    symlink("../real/a.yaml", root.join("walk/a.yaml")).unwrap();
    symlink("nowhere", root.join("walk/dangling.yaml")).unwrap();
    symlink("nowhere", root.join("walk/dangling.txt")).unwrap();
    let walked = found(&root, &["walk"]);
    assert_eq!(shown(&walked), ["walk/w.yaml"]);
    assert_eq!(walked.links, 3);
    assert!(walked.problems.is_empty());
    let named = found(&root, &["walk/a.yaml"]);
    assert!(named.files.is_empty());
    insta::assert_snapshot!(problems(&named, &root).join("\n"), @r"walk/a.yaml: is a symbolic link, which is never written through; name real/a.yaml instead [link]");
}

#[test]
fn pipes_and_devices_are_refused_without_waiting() {
    let (_guard, root) = scratch();
    assert!(
        Command::new("mkfifo")
            .arg(root.join("p.yaml"))
            .status()
            .unwrap()
            .success()
    );
    assert!(found(&root, &["."]).files.is_empty());
    let named = found(&root, &["p.yaml", "/dev/null"]);
    assert!(named.files.is_empty());
    insta::assert_snapshot!(problems(&named, &root).join("\n"), @r"
    /dev/null: is not a regular file; to read a pipe, use `harden -` and standard input [unreadable]
    p.yaml: is not a regular file; to read a pipe, use `harden -` and standard input [unreadable]
    ");
    assert_eq!(read(&root.join("p.yaml")).unwrap_err().code, ReasonCode::Unreadable);
}

#[test]
fn a_path_that_cannot_be_looked_up_stops_everything() {
    let (_guard, root) = scratch();
    tree(&root, &["a.yaml"]);
    symlink("nowhere", root.join("dangling")).unwrap();
    let error = |path: &str| {
        let error = find(&[PathBuf::from("a.yaml"), PathBuf::from(path)], &root).unwrap_err();
        error.to_string().replace(root.to_str().unwrap(), "CWD")
    };
    let shown: Vec<String> = ["k8z", "dangling", "a.yaml/b", "../no/such"].map(error).into();
    insta::assert_snapshot!(shown.join("\n"), @r"
    k8z: no such file or directory; check the spelling (relative paths start at CWD)
    dangling: is a symbolic link to something that does not exist; mend or leave out the link
    a.yaml/b: a file is named where a folder is needed; check the path
    ../no/such: no such file or directory; check the spelling (relative paths start at CWD)
    ");
}

/// One folder for each way a file can belong somewhere.
fn repositories_of_every_kind(top: &Path) {
    tree(
        top,
        &["git/.git/", "git/a/b/x.yaml", "git/module/m.yaml", "git/a/harden.yaml"],
    );
    fs::write(top.join("git/module/.git"), "gitdir: ../.git/modules/module\n").unwrap();
    tree(top, &["conf/.github/harden.yaml", "conf/a/x.yaml", "cwd/a/x.yaml"]);
    tree(top, &["loose/a/x.yaml", "loose/y.yaml"]);
}

#[test]
fn a_repository_is_git_then_config_then_the_working_directory_then_the_folder() {
    let (_guard, top) = scratch();
    repositories_of_every_kind(&top);
    let mut repositories = Repositories::new(top.join("cwd"));
    for (dir, root, kind) in [
        ("git/a/b", "git", RepositoryKind::Git),
        ("git/module", "git/module", RepositoryKind::Git),
        ("conf/a", "conf", RepositoryKind::Config),
        ("conf/.github", "conf", RepositoryKind::Config),
        ("cwd/a", "cwd", RepositoryKind::WorkingDirectory),
        ("loose/a", "loose/a", RepositoryKind::Folder),
    ] {
        let found = repositories.of(&top.join(dir));
        assert_eq!((&found.root, found.kind), (&top.join(root), kind), "{dir}");
    }
    let (a, b) = (
        repositories.of(&top.join("git/a")),
        repositories.of(&top.join("git/a/b")),
    );
    assert!(std::sync::Arc::ptr_eq(&a, &b), "one value per repository");
}

#[test]
fn the_repository_of_a_file_does_not_depend_on_the_paths_given() {
    let (_guard, top) = scratch();
    repositories_of_every_kind(&top);
    let root_of = |paths: &[&str], display: &str| {
        let found = found(&top.join("cwd"), paths);
        let file = found.files.iter().find(|file| file.display == Path::new(display));
        file.unwrap().repository.root.clone()
    };
    for (walk, in_walk, alone, by_itself) in [
        ("../git", "a/b/x.yaml", "../git/a/b/x.yaml", "x.yaml"),
        ("../git", "module/m.yaml", "../git/module", "m.yaml"),
        ("../loose", "a/x.yaml", "../loose/a/x.yaml", "x.yaml"),
        (".", "a/x.yaml", "a/x.yaml", "a/x.yaml"),
    ] {
        assert_eq!(root_of(&[walk], in_walk), root_of(&[alone], by_itself), "{alone}");
    }
}

#[test]
fn the_files_of_a_repository_end_where_another_begins() {
    let (_guard, top) = scratch();
    tree(
        &top,
        &[
            "git/.git/",
            "git/x.yaml",
            "git/sub/y.yaml",
            "git/sub/harden.yaml",
            "git/module/m.yaml",
        ],
    );
    tree(
        &top,
        &[
            "git/module/.git/",
            "git/.hidden/h.yaml",
            "conf/harden.yaml",
            "conf/x.yaml",
            "conf/inner/i.yaml",
        ],
    );
    tree(&top, &["conf/inner/.harden.yaml", "loose/x.yaml", "loose/a/y.yaml"]);
    let mut repositories = Repositories::new(top.join("elsewhere"));
    let mut list = |dir: &str| {
        let listing = repository_files(&repositories.of(&top.join(dir)));
        listing
            .files
            .iter()
            .map(|path| path.strip_prefix(&top).unwrap().display().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("git/sub"), ["git/sub/harden.yaml", "git/sub/y.yaml", "git/x.yaml"]);
    assert_eq!(list("git/module"), ["git/module/m.yaml"]);
    assert_eq!(list("conf"), ["conf/harden.yaml", "conf/x.yaml"]);
    assert_eq!(list("loose"), ["loose/x.yaml"]);
    assert_eq!(
        shown(&found(&top, &["git/."])).len(),
        4,
        "a walk still goes into the repositories below"
    );
}

#[test]
fn reading_has_a_limit() {
    let (_guard, root) = scratch();
    let path = root.join("big.yaml");
    fs::write(&path, "0123456789").unwrap();
    assert_eq!(read_at_most(&path, 10).unwrap(), b"0123456789");
    let refused = read_at_most(&path, 9).unwrap_err();
    assert_eq!(
        (refused.code, refused.message.as_str()),
        (ReasonCode::TooLarge, "is larger than 9 bytes; split it or exclude it")
    );
    let file = fs::File::create(&path).unwrap();
    file.set_len(50 << 20).unwrap();
    assert_eq!(read(&path).unwrap().len(), 50 << 20);
    file.set_len(MAX_MANIFEST_BYTES + 1).unwrap();
    assert_eq!(
        read(&path).unwrap_err().message,
        "is larger than 64 MiB; split it or exclude it"
    );
    assert_eq!(read(&root).unwrap_err().message, "is a directory, not a file");
}

#[test]
fn a_replacement_keeps_the_mode_and_leaves_nothing_else() {
    let (_guard, root) = scratch();
    let path = root.join("a b.yaml");
    for bits in [0o600, 0o644, 0o755, 0o664, 0o4755] {
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(bits)).unwrap();
        replace(&path, b"old", b"new text").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new text");
        assert_eq!(mode(&path), bits);
    }
    assert_eq!(names(&root), ["a b.yaml"]);
}

#[test]
fn a_replacement_keeps_the_owner() {
    let (_guard, root) = scratch();
    let path = root.join("a.yaml");
    fs::write(&path, "old").unwrap();
    if chown(&path, Some(1234), Some(4321)).is_err() {
        println!("skipped: only root can give a file away");
        return;
    }
    fs::set_permissions(&path, Permissions::from_mode(0o6750)).unwrap();
    replace(&path, b"old", b"new").unwrap();
    let metadata = fs::metadata(&path).unwrap();
    assert_eq!(
        (metadata.uid(), metadata.gid(), metadata.mode() & 0o7777),
        (1234, 4321, 0o6750)
    );
}

/// An access list as Linux stores it: the owner, user 1234, the group, the mask, others.
#[cfg(target_os = "linux")]
fn access_list(user: u8, mask: u8) -> Vec<u8> {
    let nobody = [0xFF; 4];
    let user_id = 1234_u32.to_le_bytes();
    let entries = [
        (1, 6, nobody),
        (2, user, user_id),
        (4, 4, nobody),
        (0x10, mask, nobody),
        (0x20, 0, nobody),
    ];
    let entry = |(tag, rights, id): (u8, u8, [u8; 4])| [&[tag, 0, rights, 0], id.as_slice()].concat();
    [vec![2, 0, 0, 0], entries.map(entry).concat()].concat()
}

#[test]
#[cfg(target_os = "linux")]
fn a_replacement_keeps_attributes_and_the_access_list_and_inherits_none() {
    const LIST: &str = "system.posix_acl_access";
    let (_guard, root) = scratch();
    let (path, open) = (root.join("a.yaml"), root.join("open.yaml"));
    fs::write(&path, "old").unwrap();
    fs::write(&open, "old").unwrap();
    fs::set_permissions(&open, Permissions::from_mode(0o664)).unwrap();
    let list = access_list(4, 6);
    let set = xattr::set(&path, "user.note", b"mine").and_then(|()| xattr::set(&path, LIST, &list));
    if let Err(error) = set.and_then(|()| xattr::set(&root, "system.posix_acl_default", &access_list(6, 6))) {
        println!("skipped: 1 (this file system has no attributes: {error})");
        return;
    }
    for path in [&path, &open] {
        replace(path, b"old", b"new").unwrap();
    }
    assert_eq!(xattr::get(&path, "user.note").unwrap().unwrap(), b"mine");
    assert_eq!(xattr::get(&path, LIST).unwrap().unwrap(), list);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o660);
    assert_eq!(xattr::get(&open, LIST).unwrap(), None);
    assert_eq!(fs::metadata(&open).unwrap().mode() & 0o777, 0o664);
    assert_eq!(names(&root), ["a.yaml", "open.yaml"]);
}

#[test]
fn what_must_not_be_replaced_stays() {
    let (_guard, root) = scratch();
    tree(
        &root,
        &[
            "real.yaml",
            "twin.yaml",
            "locked.yaml",
            "edited.yaml",
            "longer.yaml",
            "dir.yaml/",
        ],
    );
    symlink("real.yaml", root.join("link.yaml")).unwrap();
    fs::hard_link(root.join("twin.yaml"), root.join("twin2.yaml")).unwrap();
    fs::set_permissions(root.join("locked.yaml"), Permissions::from_mode(0o444)).unwrap();
    fs::write(root.join("edited.yaml"), "edited.yamL").unwrap();
    fs::write(root.join("longer.yaml"), "longer.yaml and more").unwrap();
    let before = names(&root);
    let mut shown = String::new();
    for name in ["link", "twin", "locked", "edited", "longer", "dir", "gone"] {
        let name = format!("{name}.yaml");
        let path = root.join(&name);
        let content = fs::read(&path).ok();
        let old = if name == "link.yaml" {
            "real.yaml"
        } else {
            name.as_str()
        };
        let reason = replace(&path, old.as_bytes(), b"new").unwrap_err();
        assert_eq!(fs::read(&path).ok(), content, "{name}");
        shown.push_str(&format!("{name}: {} [{}]\n", reason.message, reason.code.code()));
    }
    assert!(root.join("link.yaml").symlink_metadata().unwrap().is_symlink());
    assert_eq!(names(&root), before);
    insta::assert_snapshot!(shown, @r"
    link.yaml: is a symbolic link, which is never written through [link]
    twin.yaml: has 2 names (hard links), and replacing it would part them; copy it first [link]
    locked.yaml: is read-only; make it writable (`chmod u+w`) and run again [unwritable]
    edited.yaml: was changed by somebody else during the run; run again [unwritable]
    longer.yaml: was changed by somebody else during the run; run again [unwritable]
    dir.yaml: is a directory, not a file [unreadable]
    gone.yaml: is gone since it was read; run again [unwritable]
    ");
}

#[test]
fn permissions_that_are_missing_are_reported_and_nothing_is_left_behind() {
    let (_guard, root) = scratch();
    tree(
        &root,
        &[
            "shut/a.yaml",
            "folder/a.yaml",
            "folder/secret.yaml",
            "theirs/a.yaml",
            "ok.yaml",
        ],
    );
    fs::set_permissions(root.join("shut"), Permissions::from_mode(0o700)).unwrap();
    fs::set_permissions(root.join("folder"), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(root.join("folder/a.yaml"), Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(root.join("folder/secret.yaml"), Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(root.join("theirs"), Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(root.join("theirs/a.yaml"), Permissions::from_mode(0o666)).unwrap();
    let Some(output) = as_nobody("child_lacks_permissions", &root) else {
        return;
    };
    assert_eq!(names(&root.join("folder")), ["a.yaml", "secret.yaml"]);
    assert_eq!(names(&root.join("theirs")), ["a.yaml"]);
    assert_eq!(fs::read(root.join("theirs/a.yaml")).unwrap(), b"theirs/a.yaml");
    insta::assert_snapshot!(output, @r"
    folder/a.yaml
    folder/secret.yaml
    ok.yaml
    theirs/a.yaml
    shut: cannot be listed: permission denied; grant access, or ignore it in .gitignore [unreadable]
    shut/a.yaml: cannot be reached: permission denied; run as a user who may enter its folders
    secret: cannot be read: permission denied; grant read access or exclude it
    ok.yaml: cannot be written: permission denied; grant write access to it and its folder [unwritable]
    folder/a.yaml: cannot be written: permission denied; grant write access to it and its folder [unwritable]
    theirs/a.yaml: belongs to 0:0, which this user cannot give a new file; run as its owner [unwritable]
    ");
}

#[test]
fn a_full_disk_leaves_the_old_text_and_no_litter() {
    let (_guard, root) = scratch();
    tree(&root, &["a.yaml"]);
    // A limit on file size stands for the full disk: the same write fails, for any user.
    let Some(output) = in_child(
        "child_writes_too_much",
        &root,
        &root,
        &["sh", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"],
    ) else {
        return;
    };
    assert_eq!(names(&root), ["a.yaml"]);
    assert_eq!(fs::read(root.join("a.yaml")).unwrap(), b"a.yaml");
    insta::assert_snapshot!(output, @r"cannot be written: no space left; the file is as it was, free some and run again [unwritable]");
}

// The children: run by the tests above in a process of their own, each printing what it saw behind a mark.

const MARK: &str = "seen: ";

#[test]
#[ignore = "run by the_users_own_ignore_file_does_not_count"]
fn child_counts_files() {
    let cwd = std::env::current_dir().unwrap();
    shown(&found(&cwd, &["."]))
        .iter()
        .for_each(|name| println!("{MARK}{name}"));
}

#[test]
#[ignore = "run by permissions_that_are_missing_are_reported_and_nothing_is_left_behind"]
fn child_lacks_permissions() {
    let cwd = std::env::current_dir().unwrap();
    let walked = found(&cwd, &["."]);
    shown(&walked).iter().for_each(|name| println!("{MARK}{name}"));
    problems(&walked, &cwd).iter().for_each(|line| println!("{MARK}{line}"));
    println!("{MARK}{}", find(&["shut/a.yaml".into()], &cwd).unwrap_err());
    println!(
        "{MARK}secret: {}",
        read(Path::new("folder/secret.yaml")).unwrap_err().message
    );
    for name in ["ok.yaml", "folder/a.yaml", "theirs/a.yaml"] {
        let reason = replace(&cwd.join(name), name.as_bytes(), b"new").unwrap_err();
        println!("{MARK}{name}: {} [{}]", reason.message, reason.code.code());
    }
}

#[test]
#[ignore = "run by a_full_disk_leaves_the_old_text_and_no_litter"]
fn child_writes_too_much() {
    let cwd = std::env::current_dir().unwrap();
    let reason = replace(&cwd.join("a.yaml"), b"a.yaml", &vec![b'x'; 1 << 20]).unwrap_err();
    println!("{MARK}{} [{}]", reason.message, reason.code.code());
}

fn as_nobody(test: &str, cwd: &Path) -> Option<String> {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        println!("skipped: only root can run {test} as another user");
        return None;
    }
    fs::set_permissions(cwd, Permissions::from_mode(0o755)).unwrap();
    in_child(
        test,
        cwd,
        cwd,
        &[
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--inh-caps=-all",
        ],
    )
}

/// Runs one of the ignored tests behind the words of `wrapper`; what it printed after each mark.
/// The program is copied first: another user may not be able to reach it where it was built.
fn in_child(test: &str, home: &Path, cwd: &Path, wrapper: &[&str]) -> Option<String> {
    let (_guard, place) = scratch();
    fs::set_permissions(&place, Permissions::from_mode(0o755)).unwrap();
    let program = place.join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let program = program.to_str().unwrap();
    let words: Vec<&str> = wrapper
        .iter()
        .copied()
        .chain([program, "--exact", test, "--ignored", "--nocapture"])
        .collect();
    let output = match Command::new(words[0])
        .args(&words[1..])
        .current_dir(cwd)
        .env("XDG_CONFIG_HOME", home.join("home"))
        .output()
    {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: {test} needs {}: {error}", words[0]);
            return None;
        }
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let seen = text
        .lines()
        .filter_map(|line| line.split_once(MARK))
        .map(|(_, line)| format!("{line}\n"));
    Some(seen.collect::<String>().replace(cwd.to_str().unwrap(), "CWD"))
}
