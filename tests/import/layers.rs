//! Layers that no honest tool writes, and honest ones that surprise: what stands where the files of names should, what
//! whiteouts reach, odd paths and records, users that a runtime reads in its own way.

use std::fs;

use tar::EntryType;

use crate::archives::{CAPABILITY, LOW_PORTS, PASSWD, gzip, of_saved, saved, zstd};
use crate::{IMAGE, error_of, import, imported, statements};

/// An entry of a layer: its name, and what it is.
type Entry<'t> = (&'t str, What<'t>);

#[derive(Clone, Copy)]
enum What<'t> {
    File(&'t str),
    Folder,
    Link(&'t str),
    HardLink(&'t str),
    Device,
    /// A file with holes, in GNU's old form.
    Sparse,
}

use What::{Device, File, Folder, HardLink, Link, Sparse};

fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, what) in entries {
        let (kind, content, target) = match what {
            File(content) => (EntryType::Regular, *content, ""),
            Folder => (EntryType::Directory, "", ""),
            Link(target) => (EntryType::Symlink, "", *target),
            HardLink(target) => (EntryType::Link, "", *target),
            Device => (EntryType::Char, "", ""),
            Sparse => (EntryType::GNUSparse, "x:x:1:1:::\n", ""),
        };
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn config(user: &str) -> String {
    serde_json::json!({"config": {"User": user}}).to_string()
}

/// The statements and the comments about an image of these layers that runs as `user`.
fn said(user: &str, layers: &[Vec<u8>]) -> (String, String) {
    let (profile, comments) = of_saved(&config(user), layers);
    (statements(&profile).to_string(), comments)
}

const APP: &str = "user: 4001\ngroup: 4002\nimage-user: named\n";
const NEW: &str = "app:x:5001:5002::/:\n";
const NEW_APP: &str = "user: 5001\ngroup: 5002\nimage-user: named\n";

fn base() -> Vec<u8> {
    layer(&[
        ("etc", Folder),
        ("etc/passwd", File(PASSWD)),
        ("etc/group", File("staff:x:50:\n")),
    ])
}

/// What a runtime finds where no layer holds a list is not known; the file below is not there any more.
#[test]
fn what_stands_in_place_of_the_users_is_not_taken_for_the_file_below() {
    let odd: &[&[Entry<'_>]] = &[
        &[("etc/passwd", Link("/proc/self/environ"))],
        &[("etc/passwd", Link("../../etc/passwd"))],
        &[("etc/passwd", Link("/usr/share/passwd"))],
        &[("etc/passwd", HardLink("usr/share/users"))],
        &[("etc/passwd", Folder)],
        &[("etc/passwd", Device)],
        &[("etc/passwd", Sparse)],
        &[("etc", Link("usr/etc"))],
        &[("etc", File("x"))],
        &[("etc/passwd", File(NEW)), ("etc/passwd", Link("x"))],
    ];
    for (i, entries) in odd.iter().enumerate() {
        let (found, comments) = said("app", &[base(), layer(entries)]);
        assert_eq!(found, "image-user: named\n", "{i}");
        let told =
            "the image's /etc/passwd is no file that its layers hold, and says nothing of app here; state `user`";
        assert!(comments.contains(told), "{i}: {comments}");
        // A number needs no name, but its group does.
        let (found, comments) = said("77", &[base(), layer(entries)]);
        assert_eq!(found, "user: 77\nimage-user: numeric\n", "{i}");
        assert!(comments.contains("says nothing of its group here"), "{i}: {comments}");
    }
    let odd_group = layer(&[("etc/group", Link("/x"))]);
    let (found, comments) = said("app:staff", &[base(), odd_group]);
    assert_eq!(found, "user: 4001\nimage-user: named\n");
    assert!(
        comments.contains("/etc/group is no file that its layers hold"),
        "{comments}"
    );
}

/// Nix makes images whose files are all links into its store.
#[test]
fn links_are_followed_to_what_a_layer_holds() {
    let store = layer(&[("nix/store/x/etc/passwd", File(NEW)), ("usr/etc/passwd", File(NEW))]);
    let linked: &[&[Entry<'_>]] = &[
        &[("etc/passwd", Link("/nix/store/x/etc/passwd"))],
        &[("etc/passwd", Link("../nix/./store/x/etc/passwd"))],
        &[("etc/passwd", Link("../../../nix/store/x/etc/passwd"))],
        &[("etc/passwd", HardLink("nix/store/x/etc/passwd"))],
        &[("etc/passwd", HardLink("./usr/etc/passwd"))],
        &[
            ("etc/passwd", Link("/lib/passwd")),
            ("lib/passwd", Link("/usr/etc/passwd")),
        ],
        &[("etc", Link("usr/etc"))],
        &[("etc", Link("/nix/store/x/etc"))],
    ];
    for (i, entries) in linked.iter().enumerate() {
        let above = layer(entries);
        assert_eq!(said("app", &[store.clone(), base(), above.clone()]).0, NEW_APP, "{i}");
        let (found, comments) = said("nobody", &[store.clone(), base(), above]);
        assert_eq!(found, "image-user: named\n", "{i}");
        assert!(comments.contains("has no user named nobody"), "{i}: {comments}");
    }
    // A link of its own finds the file that is there now, another name the one that it was given to.
    let newer = layer(&[("usr/etc/passwd", File("app:x:6001:6002:::\n"))]);
    for (kind, uid) in [(Link("/usr/etc/passwd"), 6001), (HardLink("usr/etc/passwd"), 5001)] {
        let (found, _) = said("app", &[store.clone(), layer(&[("etc/passwd", kind)]), newer.clone()]);
        assert!(found.starts_with(&format!("user: {uid}\n")), "{found}");
    }
    let around = [("etc/passwd", Link("/a/passwd")), ("a/passwd", Link("/etc/passwd"))];
    assert!(
        said("app", &[layer(&around)])
            .1
            .contains("no file that its layers hold")
    );
    let long = format!("/{}/passwd", "x".repeat(200));
    let held = recorded(&[("path", long.as_bytes())], "x", NEW);
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(EntryType::Symlink);
    header.set_size(0);
    builder.append_link(&mut header, "etc/passwd", &long).unwrap();
    assert_eq!(said("app", &[held, builder.into_inner().unwrap()]).0, NEW_APP);
    // What is only called so is bounded, and need not be a text.
    let large = "x".repeat(2 * 1024 * 1024);
    assert_eq!(
        said("app", &[layer(&[("usr/bin/passwd", File(&large))]), base()]).0,
        APP
    );
}

#[test]
fn a_plain_file_counts_again_once_it_is_there() {
    let layers: &[&[&[Entry<'_>]]] = &[
        &[&[("etc/passwd", Link("/x"))], &[("etc/passwd", File(NEW))]],
        &[&[("etc/passwd", Link("/x")), ("etc/passwd", File(NEW))]],
        // Into the folder behind the link, where it is read from too.
        &[&[("etc", Link("usr/etc"))], &[("etc/passwd", File(NEW))]],
        &[
            &[("etc", Link("usr/etc"))],
            &[("etc", Folder), ("etc/passwd", File(NEW))],
        ],
        &[&[("etc/passwd", Folder)], &[("etc/passwd", File(NEW))]],
        // The last one of a layer.
        &[&[("etc/passwd", File("app:x:1:1:::\n")), ("etc/passwd", File(NEW))]],
    ];
    for (i, above) in layers.iter().enumerate() {
        let all: Vec<Vec<u8>> = [base()]
            .into_iter()
            .chain(above.iter().map(|entries| layer(entries)))
            .collect();
        assert_eq!(said("app", &all).0, NEW_APP, "{i}");
    }
    // A folder in the link's place is empty, and one in a folder's place is what it was.
    let emptied = [base(), layer(&[("etc", Link("usr/etc"))]), layer(&[("etc", Folder)])];
    assert!(said("app", &emptied).1.contains("has no user named app"));
    assert_eq!(said("app", &[base(), layer(&[("etc/", Folder)])]).0, APP);
}

/// Whiteouts speak of lower layers, wherever in their own they stand.
#[test]
fn whiteouts_hide_nothing_of_their_own_layer() {
    let gone = ["etc/.wh..wh..opq", ".wh..wh..opq", "etc/.wh.passwd", ".wh.etc"];
    for gone in gone {
        let before = layer(&[(gone, File("")), ("etc/passwd", File(NEW))]);
        let after = layer(&[("etc/passwd", File(NEW)), (gone, File(""))]);
        for above in [before, after] {
            assert_eq!(said("app", &[base(), above.clone()]).0, NEW_APP, "{gone}");
            let gone_again = layer(&[(gone, File(""))]);
            let (found, comments) = said("app", &[base(), above, gone_again]);
            assert_eq!(found, "image-user: named\n", "{gone}");
            assert!(comments.contains("has no user named app"), "{comments}");
        }
    }
    // Of another folder, of a driver's own making.
    for other in [
        "et/.wh..wh..opq",
        ".wh.et",
        "etc/.wh.passwd2",
        "etc/.wh..wh.passwd",
        ".wh..wh.etc",
    ] {
        assert_eq!(said("app", &[base(), layer(&[(other, File(""))])]).0, APP, "{other}");
    }
    for nameless in ["etc/.wh.", "etc/.wh..", "etc/.wh..."] {
        let error = error_of(&saved(&config("app"), &[base(), layer(&[(nameless, File(""))])]));
        assert!(
            error.contains("removes something without a name"),
            "{nameless}: {error}"
        );
    }
}

#[test]
fn whiteouts_take_volumes_and_capabilities_away_but_not_those_of_their_own_layer() {
    let config = r#"{"config":{"User":"5:5","Volumes":{"/data":{}},"Entrypoint":["/data/web"]}}"#;
    let capable = |name: &str| recorded(&[(CAPABILITY, LOW_PORTS)], name, "");
    let both = |profile: &str| (profile.contains("NET_BIND_SERVICE"), profile.contains("ships-content"));
    let with = |above: Vec<u8>| both(&of_saved(config, &[capable("data/web"), above]).0);
    assert_eq!(with(layer(&[("x", File(""))])), (true, true));
    for gone in ["data/.wh..wh..opq", "data/.wh.web", ".wh.data", ".wh..wh..opq"] {
        assert_eq!(with(layer(&[(gone, File(""))])), (false, false), "{gone}");
    }
    // Replaced by a link, a folder's place by a file; a name that only starts alike stays.
    assert_eq!(with(layer(&[("data/web", Link("/bin/sh"))])), (false, true));
    assert_eq!(with(layer(&[("data", File("x"))])), (false, true));
    assert_eq!(
        with(layer(&[(".wh.dat", File("")), ("data-2/.wh..wh..opq", File(""))])),
        (true, true)
    );
    assert_eq!(with(layer(&[("data", Folder), ("data/web", Folder)])), (false, false));
    // Another name of a file is that file.
    let named = of_saved(
        config,
        &[capable("bin/web"), layer(&[("data/web", HardLink("bin/web"))])],
    )
    .0;
    assert_eq!(both(&named), (true, true));
}

#[test]
fn paths_are_cleaned_as_runtimes_do_it_or_refused() {
    for name in [
        "./etc/passwd",
        "/etc/passwd",
        "//etc//passwd",
        "x/../etc/./passwd",
        "etc/x/../passwd",
    ] {
        assert_eq!(said("app", &[base(), layer(&[(name, File(NEW))])]).0, NEW_APP, "{name}");
    }
    for name in ["../etc/passwd", "/../etc/passwd", "x/../../etc/passwd", ".."] {
        let error = error_of(&saved(&config("app"), &[layer(&[(name, File(NEW))])]));
        assert!(
            error.contains("layer 0/layer.tar: has a path that leaves the root"),
            "{name}: {error}"
        );
    }
    for root in [".", "./", "/"] {
        assert_eq!(said("app", &[base(), layer(&[(root, Folder)])]).0, APP, "{root}");
        assert_eq!(said("app", &[base(), layer(&[(root, Link("/x"))])]).0, APP, "{root}");
    }
}

/// A layer with one record before a file.
fn recorded(records: &[(&str, &[u8])], name: &str, content: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions(records.iter().copied()).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    header.set_mode(0o755);
    builder.append_data(&mut header, name, content.as_bytes()).unwrap();
    builder.into_inner().unwrap()
}

/// The sets of a capability are bits, and one of their bytes may be a line end.
#[test]
fn records_are_read_by_their_length() {
    let config = r#"{"config":{"User":"5:5","Entrypoint":["/web"]}}"#;
    let mut more = LOW_PORTS.to_vec();
    more[4] = b'\n';
    let (profile, comments) = of_saved(config, &[recorded(&[(CAPABILITY, &more)], "web", "")]);
    assert!(comments.contains("/web has more file capabilities"), "{comments}");
    assert!(!profile.contains("NET_BIND_SERVICE"), "{profile}");
    let line_ends: &[(&str, &[u8])] = &[("comment", b"a\n9 b=c\n\n"), (CAPABILITY, LOW_PORTS)];
    for packed in [gzip, zstd, <[u8]>::to_vec] {
        let (profile, _) = of_saved(config, &[packed(&recorded(line_ends, "web", ""))]);
        assert!(profile.contains("NET_BIND_SERVICE"), "{profile}");
    }
    // The path may be in a record, and a file with holes has its own there.
    let named = recorded(&[("path", b"etc/passwd")], "x", NEW);
    assert_eq!(said("app", &[base(), named]).0, NEW_APP);
    let holes = recorded(
        &[("GNU.sparse.name", b"etc/passwd"), ("GNU.sparse.major", b"1")],
        "x",
        NEW,
    );
    assert!(said("app", &[base(), holes]).1.contains("no file that its layers hold"));
    let long = "x".repeat(5000);
    let error = error_of(&saved(config, &[recorded(&[("path", long.as_bytes())], "x", "")]));
    assert!(error.contains("a path of more than 4096 bytes"), "{error}");
    for broken in [
        &b"9999 path=etc/passwd\n"[..],
        b"path=x\n",
        b"8 path=x\n",
        b"7 pathx\n",
        b"\xff 1=2\n",
        b"0 a=b\n",
    ] {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(EntryType::XHeader);
        header.set_size(broken.len() as u64);
        builder.append_data(&mut header, "x", broken).unwrap();
        let mut bad = builder.into_inner().unwrap();
        bad.truncate(1024);
        bad.extend(base());
        let error = error_of(&saved(config, &[bad]));
        assert!(error.contains("has a malformed record before a file"), "{error}");
    }
}

#[test]
fn files_with_more_holes_than_fit_a_header_are_refused() {
    let mut bad = layer(&[("etc/passwd", Sparse)]);
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(&bad[..512]);
    header.as_gnu_mut().unwrap().set_is_extended(true);
    header.set_cksum();
    bad[..512].copy_from_slice(header.as_bytes());
    let error = error_of(&saved(&config("app"), &[base(), bad]));
    assert!(
        error.contains("layer 1/layer.tar: holds a file with many holes"),
        "{error}"
    );
    // However large it says it is.
    let mut huge = tar::Header::new_gnu();
    huge.as_old_mut().name[..10].copy_from_slice(b"etc/passwd");
    huge.set_entry_type(EntryType::Regular);
    huge.set_size(1 << 40);
    huge.set_cksum();
    let error = error_of(&saved(&config("app"), &[huge.as_bytes().to_vec()]));
    assert!(error.contains("unpacks to more than any image"), "{error}");
}

const ALL_SORTS: &str = "root:x:0:0::/:\napp:x:4001:4002:::\nmy app:x:4003:4004:::\napp:x:1:1:::\nhigh:x:4294967295:5:::\n\
                         low:x:-5:5:::\nword:x:ten:5:::\nshort:x:6\nhighgroup:x:7:4294967296:::\n  led:x:8:9:::\n\
                         first:x:1000:100:::\nsecond:x:1000:200:::\n\n#\n:::\n";

#[test]
fn users_are_read_as_a_runtime_reads_them() {
    let etc = layer(&[
        ("etc/passwd", File(ALL_SORTS)),
        ("etc/group", File("staff:x:50:\nlow:x:-1:\nstaff:x:51:\n")),
    ]);
    let no_user = "has no user named";
    let no_group = "has no group named";
    let cases = [
        ("app", "4001 4002", ""),
        ("my app", "4003 4004", ""),
        ("app:staff", "4001 50", ""),
        ("app:7", "4001 7", ""),
        ("app:", "4001 4002", ""),
        ("app:none", "4001 -", no_group),
        ("app:low", "4001 -", no_group),
        ("1000", "1000 100", ""),
        ("1000:staff", "1000 50", ""),
        ("1000:none", "1000 -", no_group),
        (
            "1000:4294967295",
            "1000 -",
            "4294967295 is no gid that Kubernetes takes",
        ),
        ("77", "77 0", ""),
        (":0", "- -", "runs as root"),
        (":staff", "- -", "runs as root"),
        ("root:staff", "- -", "runs as root"),
        ("0:0", "- -", "runs as root"),
        ("high", "- -", no_user),
        ("low", "- -", no_user),
        ("word", "- -", no_user),
        ("highgroup", "7 -", "gives it no group that Kubernetes takes"),
        ("led", "8 9", ""),
        ("-5", "- -", "-5 is no uid that Kubernetes takes"),
        ("2147483648", "- -", "2147483648 is no uid that Kubernetes takes"),
        ("2147483647:1", "2147483647 1", ""),
    ];
    for (user, ids, told) in cases {
        // Which of several lines counts must not change between runs.
        for _ in 0..3 {
            let (found, comments) = said(user, std::slice::from_ref(&etc));
            let value = |key: &str| {
                found
                    .lines()
                    .find_map(|line| line.strip_prefix(key))
                    .unwrap_or("-")
                    .to_string()
            };
            assert_eq!(
                format!("{} {}", value("user: "), value("group: ")),
                ids,
                "{user}: {found}"
            );
            assert!(comments.contains(told), "{user}: {comments}");
            assert_eq!(comments.contains("To do"), !told.is_empty(), "{user}: {comments}");
        }
    }
}

/// Docker wrote layers that are the same as links to one of them, and `tar` writes files that it has seen as links too.
#[test]
fn members_of_a_saved_image_may_be_links_within_it() {
    let with = |links: &[(EntryType, &str, &str)], layers: &[&str]| {
        let mut builder = tar::Builder::new(Vec::new());
        let mut add = |name: &str, content: &[u8]| {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, content).unwrap();
        };
        add("one/layer.tar", &base());
        add("config.json", config("app").as_bytes());
        let manifest = serde_json::json!([{"Config": "config.json", "RepoTags": [IMAGE], "Layers": layers}]);
        add("manifest.json", manifest.to_string().as_bytes());
        for (kind, name, target) in links {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(0);
            builder.append_link(&mut header, name, target).unwrap();
        }
        builder.into_inner().unwrap()
    };
    let of = |archive: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("image.tar"), archive).unwrap();
        statements(&imported(&import(folder.path(), "image.tar")).0).to_string()
    };
    let links: &[(EntryType, &str, &str)] = &[
        (EntryType::Symlink, "two/layer.tar", "../one/layer.tar"),
        (EntryType::Link, "three.tar", "one/layer.tar"),
        (EntryType::Symlink, "four/layer.tar", "../two/./layer.tar"),
    ];
    for name in ["two/layer.tar", "three.tar", "four/layer.tar"] {
        assert_eq!(of(&with(links, &[name])), APP, "{name}");
    }
    let bad: &[(EntryType, &str, &str)] = &[
        (EntryType::Symlink, "a", "b"),
        (EntryType::Symlink, "b", "a"),
        (EntryType::Symlink, "c", "/etc/passwd"),
        (EntryType::Symlink, "d", "../../../../etc/passwd"),
    ];
    for name in ["a", "c", "d"] {
        let error = error_of(&with(bad, &[name]));
        assert!(error.contains(&format!("lacks {name}")), "{error}");
    }
    let many = vec!["one/layer.tar"; 1001];
    assert!(error_of(&with(&[], &many)).contains("has more than 1000 layers"));
}

/// Builders put a signature of how an image was made beside it, of no platform.
#[test]
fn what_is_no_image_is_not_chosen_from_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let put = |digit: &str, content: &[u8]| {
        let name = digit.repeat(64);
        fs::write(blobs.join(&name), content).unwrap();
        format!("sha256:{name}")
    };
    let manifest = serde_json::json!({
        "config": {"digest": put("1", config("app").as_bytes())},
        "layers": [{"digest": put("2", &gzip(&base()))}],
    });
    let manifest = put("3", manifest.to_string().as_bytes());
    let attestation = put("4", b"{}");
    let platform = |os: &str, architecture: &str| serde_json::json!({"os": os, "architecture": architecture});
    for architecture in ["arm64", "amd64", "riscv64"] {
        let index = serde_json::json!({"manifests": [
            {"digest": attestation, "mediaType": "m", "platform": platform("unknown", "unknown")},
            {"digest": manifest, "mediaType": "m", "platform": platform("linux", architecture)},
        ]});
        fs::write(folder.path().join("index.json"), index.to_string()).unwrap();
        assert_eq!(
            statements(&imported(&import(folder.path(), ".")).0),
            APP,
            "{architecture}"
        );
    }
}
