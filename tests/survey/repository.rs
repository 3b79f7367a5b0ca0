use std::fs;
use std::path::Path;

use harden::files::Repositories;
use harden::survey::Survey;

use super::{namespace, pod, shown, survey, target};

#[test]
fn every_file_read_is_known_with_whether_it_shows_containers() {
    let survey = survey(&[
        ("a.yaml", "spec: {containers: []}"),
        ("b.json", "{}"),
        ("c.yaml", "\0 containers ["),
    ]);
    let table = [
        ("a.yaml", Some(true)),
        ("b.json", Some(false)),
        ("c.yaml", Some(true)),
        ("d.yaml", None),
    ];
    for (path, wanted) in table {
        assert_eq!(survey.may_hold_workload(Path::new(path)), wanted, "{path}");
    }
    assert_eq!(Survey::empty().may_hold_workload(Path::new("a.yaml")), None);
}

#[test]
fn templates_of_a_chart_are_known_and_silent() {
    let labelled = namespace(&[("enforce", "privileged")]);
    let survey = survey(&[
        ("charts/web/Chart.yaml", "name: web\n"),
        ("charts/web/templates/ns.yaml", &labelled),
        ("charts/web/templates/web.yaml", "spec: {containers: [{{ .x }}]}"),
        ("charts/web/charts/sub/Chart.yaml", "name: sub\n"),
        ("root/chart.yaml", ""),
    ]);
    assert!(survey.namespace("shop").is_none());
    let web = Path::new("charts/web/templates/web.yaml");
    assert_eq!(survey.may_hold_workload(web), Some(true));
    let table = [
        ("charts/web/templates/ns.yaml", true),
        ("charts/web/templates/tests/deep/x.yaml", true),
        ("charts/web/charts/sub/templates/x.yaml", true),
        ("charts/web/values.yaml", false),
        ("charts/web/crds/x.yaml", false),
        ("charts/web/ci/templates/x.yaml", false),
        ("charts/web/templates", false),
        ("charts/other/templates/x.yaml", false),
        ("root/templates/x.yaml", false),
        ("templates/x.yaml", false),
    ];
    for (path, wanted) in table {
        assert_eq!(survey.is_chart_template(Path::new(path)), wanted, "{path}");
    }
    let chart_at_root = self::survey(&[("Chart.yaml", "")]);
    assert!(chart_at_root.is_chart_template(Path::new("templates/x.yaml")));
}

#[test]
fn a_repository_on_disk_reads_like_its_texts() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    let write = |path: &str, text: &[u8]| {
        fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        fs::write(root.join(path), text).unwrap();
    };
    // Too large to be read beside others, and its first document too large to be parsed.
    let mut large = b"kind: Service # selector\n".repeat(400_000);
    large.extend_from_slice(format!("---\n{}", pod("large", "data")).as_bytes());
    write(".git/HEAD", b"");
    write(".gitignore", b"ignored\n");
    write("k8s/ns.yaml", namespace(&[("enforce", "baseline")]).as_bytes());
    write("k8s/pod.json", pod("small", "data").as_bytes());
    write("large.yml", &large);
    write("ignored/ns.yaml", namespace(&[("enforce", "restricted")]).as_bytes());
    write("note.txt", pod("text", "data").as_bytes());
    let repository = Repositories::new(root.clone()).of(&root.join("k8s"));

    let survey = Survey::of_repository(&repository);
    assert_eq!(target(&survey, "shop").unwrap(), "baseline latest line 7, 0 invalid");
    assert_eq!(shown(&survey.namespace("shop").unwrap().from), "k8s/ns.yaml:7");
    let users = survey.claim_users("shop", "data");
    let names: Vec<_> = users.iter().map(|u| (u.name.as_str(), u.document)).collect();
    assert_eq!(names, [("small", 0), ("large", 1)]);
    assert_eq!(survey.may_hold_workload(Path::new("ignored/ns.yaml")), None);

    let text = namespace(&[("enforce", "privileged")]);
    let replaced = Survey::of_repository_with(&repository, Path::new("k8s/ns.yaml"), text.as_bytes());
    assert_eq!(
        target(&replaced, "shop").unwrap(),
        "privileged latest line 7, 0 invalid"
    );
    let added = Survey::of_repository_with(&repository, Path::new("new.yaml"), pod("new", "data").as_bytes());
    assert_eq!(added.claim_users("shop", "data").len(), 3);
    let text = pod("other", "data");
    let replaced = Survey::of_repository_with(&repository, Path::new("k8s/pod.json"), text.as_bytes());
    let users = replaced.claim_users("shop", "data").iter();
    assert_eq!(users.map(|u| u.name.as_str()).collect::<Vec<_>>(), ["other", "large"]);
}
