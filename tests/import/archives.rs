//! Images on the disk: layers and archives made by hand, and those that skopeo and umoci make.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use crate::{IMAGE, error_of, import, imported, statements};

/// Name, content and records of a file in a layer.
type Entry<'t> = (&'t str, &'t str, &'t [(&'t str, &'t [u8])]);

/// A layer of a layout, or of a saved image.
fn layer(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content, records) in entries {
        builder.append_pax_extensions(records.iter().copied()).unwrap();
        let mut header = tar::Header::new_ustar();
        // Names that no honest tool writes are put in by hand.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// What `docker save` writes, of these layers.
pub(crate) fn saved(config: &str, layers: &[Vec<u8>]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut names = Vec::new();
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content).unwrap();
    };
    for (i, layer) in layers.iter().enumerate() {
        add(&format!("{i}/layer.tar"), layer);
        names.push(format!("{i}/layer.tar"));
    }
    add("config.json", config.as_bytes());
    let manifest = serde_json::json!([{"Config": "config.json", "RepoTags": [IMAGE], "Layers": names}]);
    add("manifest.json", manifest.to_string().as_bytes());
    builder.into_inner().unwrap()
}

pub(crate) fn of_saved(config: &str, layers: &[Vec<u8>]) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("image.tar"), saved(config, layers)).unwrap();
    imported(&import(folder.path(), "image.tar"))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub(crate) const PASSWD: &str = "root:x:0:0::/:/bin/sh\napp:x:4001:4002::/:/bin/sh\n";

/// `cap_net_bind_service=ep`, as the kernel stores it.
pub(crate) const LOW_PORTS: &[u8] = &[1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
pub(crate) const CAPABILITY: &str = "SCHILY.xattr.security.capability";

#[test]
fn the_layers_make_a_named_user_numeric() {
    let config = r#"{"config":{"User":"app:staff"}}"#;
    let base = layer(&[("etc/passwd", PASSWD, &[]), ("./etc/group", "staff:x:50:\n", &[])]);
    let (profile, _) = of_saved(config, std::slice::from_ref(&base));
    assert_eq!(statements(&profile), "user: 4001\ngroup: 50\nimage-user: named\n");
    // A later layer counts, compressed or not, and a whiteout takes away.
    let later = layer(&[("etc/passwd", "app:x:5001:5002::/:\n", &[])]);
    for later in [later.clone(), gzip(&later), zstd(&later)] {
        let (profile, _) = of_saved(r#"{"config":{"User":"app"}}"#, &[base.clone(), later]);
        assert_eq!(statements(&profile), "user: 5001\ngroup: 5002\nimage-user: named\n");
    }
    for gone in ["etc/.wh.passwd", "etc/.wh..wh..opq", ".wh.etc"] {
        let (profile, comments) = of_saved(
            r#"{"config":{"User":"app"}}"#,
            &[base.clone(), layer(&[(gone, "", &[])])],
        );
        assert_eq!(statements(&profile), "image-user: named\n", "{gone}");
        assert!(comments.contains("has no user named app"), "{comments}");
    }
    // A uid without an entry gets the group 0 from the runtime.
    let (profile, _) = of_saved(r#"{"config":{"User":"77"}}"#, &[base]);
    assert_eq!(statements(&profile), "user: 77\ngroup: 0\nimage-user: numeric\n");
}

/// `docker save acme/web | gzip`, and what is smaller.
#[test]
fn a_saved_image_may_be_compressed_as_a_whole() {
    let base = layer(&[("etc/passwd", PASSWD, &[])]);
    let later = layer(&[("etc/passwd", "app:x:5001:5002::/:\n", &[])]);
    let plain = saved(r#"{"config":{"User":"app"}}"#, &[gzip(&base), zstd(&later)]);
    let folder = tempfile::tempdir().unwrap();
    for packed in [gzip(&plain), zstd(&plain)] {
        fs::write(folder.path().join("image"), packed).unwrap();
        let (profile, _) = imported(&import(folder.path(), "image"));
        assert_eq!(statements(&profile), "user: 5001\ngroup: 5002\nimage-user: named\n");
    }
}

#[test]
fn the_layers_say_what_volumes_hold_and_what_the_program_may() {
    let config = r#"{"config":{"User":"5:5","Volumes":{"/data":{},"/conf":{}},"Entrypoint":["web"],"Env":["PATH=/bin:/opt/bin"]}}"#;
    let files = layer(&[
        ("conf/default.conf", "x", &[]),
        ("opt/bin/web", "x", &[(CAPABILITY, LOW_PORTS)]),
        ("bin/ping", "x", &[(CAPABILITY, LOW_PORTS)]),
    ]);
    let (profile, _) = of_saved(config, std::slice::from_ref(&files));
    assert!(profile.contains("capabilities:\n- NET_BIND_SERVICE\n"), "{profile}");
    assert!(
        profile.contains("- path: /conf\n  why: a volume that the image declares and fills\n  ships-content: true\n")
    );
    assert!(!profile.contains("path: /data"), "{profile}");
    let replaced = layer(&[("opt/bin/web", "y", &[]), ("conf/.wh.default.conf", "", &[])]);
    let (profile, _) = of_saved(config, &[files, replaced]);
    assert!(
        !profile.contains("capabilities") && !profile.contains("ships-content"),
        "{profile}"
    );
}

#[test]
fn hostile_layers_are_refused_and_escape_nowhere() {
    let config = r#"{"config":{"User":"app"}}"#;
    let volume = r#"{"config":{"User":"5:5","Volumes":{"/conf":{}}}}"#;
    let (profile, _) = of_saved(volume, &[layer(&[("conf/../x", "x", &[])])]);
    assert!(!profile.contains("ships-content"), "{profile}");
    let long = "x".repeat(2 * 1024 * 1024);
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("comment", long.as_bytes())]).unwrap();
    let huge_record = builder.into_inner().unwrap();
    let sized = layer(&[("etc/passwd", "x", &[("size", b"99")])]);
    let many = layer(&[("etc/passwd", &long, &[])]);
    for (bad, words) in [
        (huge_record, "of more than 1 MiB"),
        (sized, "of more than 8 GiB"),
        (many, "of more than 1 MiB"),
        (vec![0x28, 0xb5, 0x2f, 0xfd, 0], "layer 0/layer.tar"),
        (vec![7; 2000], "layer 0/layer.tar"),
    ] {
        let error = error_of(&saved(config, &[bad]));
        assert!(error.contains(words), "{error}");
    }
    for cut_off in [&[0x1f, 0x8b, 8, 0][..], &[0x28, 0xb5, 0x2f, 0xfd, 0]] {
        assert!(error_of(cut_off).contains("is no readable tar file"));
    }
}

#[test]
fn a_layout_names_its_blobs_by_digest_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = folder.path().join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let index = |digest: &str| serde_json::json!({"manifests": [{"digest": digest, "mediaType": "m"}]}).to_string();
    let expect = |digest: &str, words: &str| {
        fs::write(folder.path().join("index.json"), index(digest)).unwrap();
        let output = import(folder.path(), ".");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(words), "{error}");
    };
    expect("sha256:../../../etc/passwd", "is no digest");
    expect("../index.json", "is no digest");
    let name = "0".repeat(64);
    expect(&format!("sha256:{name}"), "lacks blobs/sha256/000");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", blobs.join(&name)).unwrap();
        expect(&format!("sha256:{name}"), "leaves the layout");
    }
}

/// Runs a tool that must succeed, in a folder.
fn tool(folder: &Path, words: &str) -> Output {
    let mut words = words.split(' ');
    let output = Command::new(words.next().unwrap())
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

/// An image that umoci makes, in a layout called `image` with the tags `1.2` and `other`; `None` where it or skopeo is
/// missing.
fn made_by_umoci() -> Option<tempfile::TempDir> {
    let present = |name: &str| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    if !present("umoci") || !present("skopeo") {
        println!("skipped: 1 (needs umoci and skopeo; see tests/boot/install.sh)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let root = here.join("rootfs");
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::create_dir_all(root.join("conf")).unwrap();
    fs::write(root.join("etc/passwd"), PASSWD).unwrap();
    fs::write(root.join("conf/site"), "x").unwrap();
    for words in [
        "umoci init --layout image",
        "umoci new --image image:1.2",
        "umoci insert --rootless --image image:1.2 rootfs/etc /etc",
        "umoci insert --rootless --image image:1.2 rootfs/conf /conf",
        "umoci config --image image:1.2 --config.user app --config.exposedports 80/tcp --config.volume /conf",
        "umoci tag --image image:1.2 other",
        "umoci config --image image:other --config.user 9:9",
    ] {
        tool(here, words);
    }
    Some(folder)
}

#[test]
fn images_that_umoci_and_skopeo_made() {
    let Some(folder) = made_by_umoci() else { return };
    let here = folder.path();
    let (layout, _) = imported(&import(here, "image"));
    let expected = "user: 4001\ngroup: 4002\nimage-user: named\nwritable:\n- path: /conf\n";
    assert!(statements(&layout).starts_with(expected), "{layout}");
    assert!(layout.contains("volumes:\n- /conf\nports:\n- port: 80\n"), "{layout}");

    // The same image in the other shapes that skopeo writes says the same, and so do they in gzip.
    let copy = "skopeo copy --quiet --insecure-policy";
    tool(here, &format!("{copy} oci:image:1.2 oci-archive:oci.tar:1.2"));
    tool(
        here,
        &format!("{copy} oci:image:1.2 docker-archive:docker.tar:acme/web:1.2"),
    );
    for archive in ["oci.tar", "docker.tar"] {
        fs::write(here.join("packed"), gzip(&fs::read(here.join(archive)).unwrap())).unwrap();
        for name in [archive, "packed"] {
            let (found, _) = imported(&import(here, name));
            assert_eq!(statements(&found), statements(&layout), "{archive}: {name}");
        }
    }
    let packed = "--dest-compress --dest-compress-format zstd";
    tool(here, &format!("{copy} {packed} oci:image:1.2 oci:small:1.2"));
    let (found, _) = imported(&import(here, "small"));
    assert_eq!(statements(&found), statements(&layout), "layers in zstd");
    let blobs = fs::read_dir(here.join("small/blobs/sha256")).unwrap();
    let mut blobs = blobs.map(|blob| fs::read(blob.unwrap().path()).unwrap());
    assert!(
        blobs.any(|blob| blob.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])),
        "skopeo wrote no zstd"
    );
    // The configuration alone has no names.
    let config = tool(here, "skopeo inspect --config oci:image:1.2").stdout;
    fs::write(here.join("config.json"), config).unwrap();
    let (found, comments) = imported(&import(here, "config.json"));
    let start = "image-user: named\nvolumes:\n- /conf\n";
    assert!(statements(&found).starts_with(start), "{found}");
    assert!(comments.contains("the uid of app"), "{comments}");
}
