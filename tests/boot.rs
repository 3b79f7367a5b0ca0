//! Starts real servers the way hardened manifests say, and shows that each thing `harden` added is needed. The manifests
//! in tests/boot are run through `harden`; its result is read back and nothing else decides how the server runs. The
//! servers are Debian's, in the images' layout, with the images' ids. See tests/boot/install.sh, sandbox.sh and pod.sh.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "boot/pod.rs"]
mod pod;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use pod::{Kind, Pod};

/// A manifest, and what must come of it.
struct Case {
    /// The folder below tests/boot.
    server: &'static str,
    manifest: &'static str,
    /// Every `emptyDir` that `harden` adds, and what the log says where that one is missing: the server must not work.
    planned: &'static [(&'static str, Complaint)],
    /// What else it must not work without.
    needs: &'static [(Setting, Complaint)],
    /// What comes of adding only `runAsUser` and what `restricted` demands.
    uid_alone: Result<(), Complaint>,
}

/// Something that `harden` set or counts on, to be taken away.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Setting {
    EmptyDir(&'static str),
    FsGroup,
    /// `OnRootMismatch`; without it the kubelet opens every file to the group at every start.
    ChangePolicy,
    Sysctl,
    /// Without it a program with that file capability cannot be executed.
    Capability,
    /// Variables that the manifest did not have.
    Env,
    /// That nothing is on the volume yet. Without the group the server must work on one that it has used.
    NewVolume,
}

/// Words of the log, so that a failure has the reason that it should have.
type Complaint = &'static str;

const CASES: &[Case] = &[
    Case {
        server: "redis",
        manifest: "cache.yaml",
        planned: &[("/data", "Read-only file system")],
        needs: &[],
        uid_alone: Ok(()),
    },
    Case {
        server: "redis",
        manifest: "closed.yaml",
        planned: &[("/data", "Read-only file system")],
        needs: &[],
        uid_alone: Ok(()),
    },
    Case {
        server: "redis",
        manifest: "storage.yaml",
        planned: &[],
        needs: &[(Setting::FsGroup, "Permission denied")],
        uid_alone: Err("Permission denied"),
    },
    Case {
        server: "memcached",
        manifest: "cache.yaml",
        planned: &[],
        needs: &[],
        uid_alone: Ok(()),
    },
    Case {
        server: "nginx",
        manifest: "site.yaml",
        planned: &[
            ("/var/cache/nginx", "client_temp\" failed (30: Read-only file system)"),
            ("/var/run", "nginx.pid\" failed (30: Read-only file system)"),
        ],
        needs: &[(Setting::Sysctl, "bind() to 0.0.0.0:80 failed (13: Permission denied)")],
        uid_alone: Err("(13: Permission denied)"),
    },
    Case {
        server: "httpd",
        manifest: "site.yaml",
        planned: &[("/usr/local/apache2/logs", "Read-only file system")],
        needs: &[(Setting::Sysctl, "could not bind to address")],
        uid_alone: Err("Permission denied"),
    },
    Case {
        server: "haproxy",
        manifest: "front.yaml",
        planned: &[],
        needs: &[(Setting::Sysctl, "cannot bind socket (Permission denied)")],
        uid_alone: Err("cannot bind socket (Permission denied)"),
    },
    Case {
        server: "caddy",
        manifest: "site.yaml",
        planned: &[],
        needs: &[
            (Setting::Capability, "Operation not permitted"),
            (Setting::Sysctl, "bind: permission denied"),
        ],
        uid_alone: Err("Operation not permitted"),
    },
    Case {
        server: "postgres",
        manifest: "storage.yaml",
        planned: &[("/var/run/postgresql", "could not create lock file")],
        needs: &[(Setting::FsGroup, "Permission denied")],
        uid_alone: Err("Permission denied"),
    },
    Case {
        server: "postgres",
        manifest: "scratch.yaml",
        planned: &[("/var/run/postgresql", "could not create lock file")],
        needs: &[(Setting::Env, "could not change permissions of directory")],
        uid_alone: Err("could not change permissions of directory"),
    },
    Case {
        server: "postgres",
        manifest: "without.yaml",
        planned: &[
            ("/var/run/postgresql", "could not create lock file"),
            ("/var/lib/postgresql/data", "Read-only file system"),
        ],
        needs: &[(Setting::Env, "could not change permissions of directory")],
        uid_alone: Ok(()),
    },
    Case {
        server: "postgres",
        manifest: "layout18.yaml",
        planned: &[("/var/run/postgresql", "could not create lock file")],
        needs: &[(Setting::FsGroup, "Permission denied")],
        uid_alone: Err("Permission denied"),
    },
    Case {
        server: "mariadb",
        manifest: "storage.yaml",
        planned: &[
            ("/run/mysqld", "Read-only file system"),
            ("/tmp", "Read-only file system"),
        ],
        needs: &[(Setting::FsGroup, "Permission denied")],
        uid_alone: Err("Permission denied"),
    },
    Case {
        server: "rabbitmq",
        manifest: "storage.yaml",
        planned: &[("/var/log/rabbitmq", "erofs")],
        needs: &[
            (Setting::FsGroup, "eacces"),
            (Setting::ChangePolicy, "must be accessible by owner only"),
            (Setting::NewVolume, "must be accessible by owner only"),
        ],
        uid_alone: Err("eacces"),
    },
];

/// One test for each folder of tests/boot, so that one server can be asked for by name.
macro_rules! servers {
    ($($server:ident)*) => {
        const SERVERS: &[&str] = &[$(stringify!($server)),*];
        $(#[test] fn $server() { start(stringify!($server)); })*
    };
}

servers!(redis memcached nginx httpd haproxy caddy postgres mariadb rabbitmq);

#[test]
fn every_manifest_is_a_case_and_every_server_a_test() {
    let below = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let folders = below(&boot_folder()).filter(|path| path.is_dir());
    let manifests = folders.flat_map(|folder| below(&folder).collect::<Vec<_>>());
    let is_manifest = |path: &PathBuf| path.extension().is_some_and(|e| e == "yaml") && !path.ends_with("harden.yaml");
    let mut found: Vec<PathBuf> = manifests.filter(is_manifest).collect();
    let mut cases: Vec<PathBuf> = CASES.iter().map(|case| folder(case).join(case.manifest)).collect();
    found.sort();
    cases.sort();
    assert_eq!(found, cases);
    assert!(CASES.iter().all(|case| SERVERS.contains(&case.server)));
}

/// Runs all cases of a server.
fn start(server: &str) {
    let cases: Vec<&Case> = CASES.iter().filter(|case| case.server == server).collect();
    if let Some(why) = missing(server) {
        #[allow(clippy::print_stdout)] // seen with `--show-output`, and counted by .ci/run
        {
            println!("skipped: {} ({why}; see tests/boot/install.sh)", cases.len());
        }
        return;
    }
    let problems: Vec<String> = cases.into_iter().flat_map(judge).collect();
    assert!(problems.is_empty(), "\n{}", problems.join("\n\n"));
}

/// What keeps the server from being started here.
fn missing(server: &str) -> Option<String> {
    let namespaces = Command::new("unshare")
        .args(["--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "sh", "-c"])
        .arg("mount -t tmpfs none /mnt && mkdir /mnt/a /mnt/b && mount -t overlay -o lowerdir=/mnt/a:/ none /mnt/b")
        .output();
    if !namespaces.is_ok_and(|made| made.status.success()) {
        return Some("needs root, unshare and overlayfs".to_string());
    }
    for tool in ["setpriv", "ip", "bash", "setcap"] {
        if Command::new(tool).arg("--version").output().is_err() {
            return Some(format!("needs {tool}"));
        }
    }
    let unpacked = packages(server).with_extension("complete").exists();
    (!unpacked).then(|| format!("needs the packages of {server}"))
}

fn packages(server: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("../boot-packages")
        .join(server)
}

/// Runs the case as hardened, without each thing it needs, and unhardened; says what came out otherwise.
fn judge(case: &Case) -> Vec<String> {
    let name = format!("{}/{}", case.server, case.manifest);
    let hardened = Pod::read(&hardened(case));
    let original = Pod::read(&fs::read_to_string(folder(case).join(case.manifest)).unwrap());
    let planned: Vec<&str> = hardened.added(&original).map(|v| v.path.as_str()).collect();
    let expected: Vec<&str> = case.planned.iter().map(|(path, _)| *path).collect();
    if planned != expected {
        return vec![format!("{name}: planned {planned:?}, expected {expected:?}")];
    }
    let mut problems = Vec::new();
    let mut expect = |what: String, pod: &Pod, expected: Result<(), Complaint>| {
        let (found, log) = run(case, pod);
        let as_expected = match expected {
            Ok(()) => found.is_ok(),
            Err(complaint) => found.is_err() && log.contains(complaint),
        };
        if !as_expected {
            problems.push(format!("{name} {what}: {found:?}, expected {expected:?}\n{log}"));
        }
    };
    expect("as hardened".to_string(), &hardened, Ok(()));
    let directories = case.planned.iter().map(|(path, why)| (Setting::EmptyDir(path), *why));
    for (setting, complaint) in directories.chain(case.needs.iter().copied()) {
        let pod = without(&hardened, setting, &original);
        assert!(pod != hardened, "{name}: {setting:?} is not there to be taken away");
        expect(format!("without {setting:?}"), &pod, Err(complaint));
        if setting == Setting::NewVolume {
            let pod = without(&pod, Setting::FsGroup, &original);
            expect("without group, on a used volume".to_string(), &pod, Ok(()));
        }
    }
    let guess = Pod {
        user: hardened.user,
        group: hardened.group,
        read_only: false,
        confined: true,
        ..original
    };
    expect("with its uid alone".to_string(), &guess, case.uid_alone);
    problems
}

/// The pod with one of the things taken away that `harden` set.
fn without(hardened: &Pod, setting: Setting, original: &Pod) -> Pod {
    let mut pod = hardened.clone();
    match setting {
        Setting::EmptyDir(path) => pod.volumes.retain(|volume| volume.path != path),
        Setting::FsGroup => pod.fs_group = None,
        Setting::ChangePolicy => pod.change_policy = None,
        Setting::Sysctl => pod.sysctls.clear(),
        Setting::Capability => pod.capabilities.clear(),
        Setting::Env => pod.env.clone_from(&original.env),
        Setting::NewVolume => {
            let storage = pod.volumes.iter_mut().filter(|volume| volume.kind == Kind::Storage);
            storage.for_each(|volume| volume.kind = Kind::Used);
        }
    }
    pod
}

/// The manifest after `harden --write` in a repository of its own.
fn hardened(case: &Case) -> String {
    let repository = tempfile::tempdir().unwrap();
    fs::create_dir(repository.path().join(".git")).unwrap();
    for file in [case.manifest, "harden.yaml"] {
        let from = folder(case).join(file);
        if from.exists() {
            fs::copy(from, repository.path().join(file)).unwrap();
        }
    }
    let harden = Command::new(env!("CARGO_BIN_EXE_harden"))
        .args(["--write", case.manifest])
        .current_dir(repository.path())
        .output()
        .unwrap();
    assert!(harden.status.success(), "{}: {harden:?}", case.server);
    fs::read_to_string(repository.path().join(case.manifest)).unwrap()
}

fn boot_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot")
}

fn folder(case: &Case) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/boot")
        .join(case.server)
}

/// Whether the server works, and its log.
fn run(case: &Case, pod: &Pod) -> (Result<(), &'static str>, String) {
    assert!(pod.confined, "{} is not confined", case.server);
    let work = tempfile::tempdir().unwrap();
    let (stage, description) = (work.path().join("stage"), work.path().join("pod"));
    fs::create_dir(&stage).unwrap();
    fs::create_dir(&description).unwrap();
    fs::set_permissions(&description, fs::Permissions::from_mode(0o755)).unwrap();
    pod.describe(&description);
    let sandbox = Command::new("timeout")
        .args([
            "--kill-after=5",
            "180",
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--ipc",
            "--uts",
            "--fork",
        ])
        .args(["--kill-child", "sh", "-eu"])
        .arg(boot_folder().join("sandbox.sh"))
        .arg(case.server)
        .arg(fs::canonicalize(packages(case.server)).unwrap())
        .args([&stage, &description])
        .output()
        .unwrap();
    let log = fs::read_to_string(description.join("log")).unwrap_or_default();
    let outcome = match sandbox.status.code() {
        Some(0) => Ok(()),
        Some(11) => Err("does not start"),
        Some(12) => Err("does no work"),
        Some(13) => Err("does not start again"),
        Some(14) => Err("does no work after a second start"),
        _ => panic!("the sandbox itself failed: {sandbox:?}\n{log}"),
    };
    (outcome, log)
}
