use harden::kube::{kinds, workload};
use harden::verify;
use harden::yaml::{self, *};
use std::path::Path;
const RULES: EditRules = EditRules {
    placements: &[Placement {
        key: "securityContext",
        before: &["initContainers", "containers", "volumeMounts"],
    }],
    marker: "harden: assumed",
};
fn changes(text: &str, chunk: &Chunk) -> Option<Result<(Vec<Change>, String), String>> {
    let doc = match yaml::parse(chunk) {
        Ok(d) => d,
        Err(e) => return Some(Err(format!("parse {}: {}", e.line, e.what))),
    };
    if doc.template_line().is_some() {
        return None;
    }
    let root = doc.root()?;
    let mut ch = vec![];
    for w in workload::find(root).workloads {
        let spec = match w.template.get("spec") {
            Some(s) => s,
            None => continue,
        };
        let base = w.object_path.join(&w.template_path).key("spec");
        let cs = spec.get("containers");
        if cs.is_none_or(|c| !c.is_sequence()) {
            continue;
        }
        if !["containers", "initContainers"]
            .iter()
            .flat_map(|k| spec.get(k).into_iter().flat_map(|n| n.items()))
            .all(|c| c.get("image").and_then(|n| n.as_str()).is_some())
        {
            continue;
        }
        let mut set = |p: FieldPath, v: Value, c| {
            ch.push(Change {
                path: p,
                to: Some(v),
                comment: c,
            })
        };
        if spec.at(&["securityContext", "seccompProfile", "type"]).is_none() {
            set(
                base.key("securityContext").key("runAsUser"),
                Value::Int(65532),
                Some("harden: assumed"),
            );
            set(
                base.key("securityContext").key("seccompProfile").key("type"),
                Value::str("RuntimeDefault"),
                None,
            );
        }
        for k in ["initContainers", "containers"] {
            for (i, c) in spec.get(k).into_iter().flat_map(|n| n.items()).enumerate() {
                let b = base.key(k).index(i);
                let sc = b.key("securityContext");
                if c.at(&["securityContext", "allowPrivilegeEscalation"]).is_none() {
                    set(sc.key("allowPrivilegeEscalation"), Value::Bool(false), None);
                }
                let drop = c.at(&["securityContext", "capabilities", "drop"]);
                if !drop.is_some_and(|d| d.items().any(|i| i.as_str() == Some("ALL"))) {
                    let n = drop.map_or(0, |d| d.items().count());
                    set(sc.key("capabilities").key("drop").index(n), Value::str("ALL"), None);
                }
                if !c.get("volumeMounts").is_some_and(|m| {
                    m.items()
                        .any(|m| m.get("name").and_then(|n| n.as_str()) == Some("harden-tmp"))
                }) {
                    let n = c.get("volumeMounts").map_or(0, |d| d.items().count());
                    set(
                        b.key("volumeMounts").index(n),
                        Value::map([("name", Value::str("harden-tmp")), ("mountPath", Value::str("/tmp"))]),
                        None,
                    );
                }
            }
        }
        if !spec.get("volumes").is_some_and(|m| {
            m.items()
                .any(|m| m.get("name").and_then(|n| n.as_str()) == Some("harden-tmp"))
        }) {
            let n = spec.get("volumes").map_or(0, |d| d.items().count());
            set(
                base.key("volumes").index(n),
                Value::map([("name", Value::str("harden-tmp")), ("emptyDir", Value::Map(vec![]))]),
                None,
            );
        }
    }
    if ch.is_empty() {
        return None;
    }
    let edits = match yaml::edit(&doc, &ch, RULES) {
        Ok(e) => e,
        Err(r) => return Some(Err(format!("refused {}: {}", r.line, r.what))),
    };
    let new = yaml::splice(doc.text, &edits);
    if std::env::var("DBG").is_ok() {
        println!("{new}")
    }
    if let Err(d) = verify::verify(
        &verify::EditedDocument {
            old: &doc,
            changes: &ch,
            edits: &edits,
        },
        &new,
        "harden: assumed",
    ) {
        return Some(Err(format!("VERIFY {d:?}")));
    }
    let _ = text;
    Some(Ok((ch, new)))
}
fn walk(p: &Path, out: &mut Vec<std::path::PathBuf>) {
    for e in std::fs::read_dir(p).unwrap() {
        let p = e.unwrap().path();
        if p.is_symlink() {
            continue;
        }
        if p.is_dir() {
            walk(&p, out)
        } else if matches!(p.extension().and_then(|e| e.to_str()), Some("yaml" | "yml" | "json")) {
            out.push(p)
        }
    }
}
fn main() {
    let mut files = vec![];
    walk(Path::new(&std::env::args().nth(1).unwrap()), &mut files);
    files.sort();
    let (mut ok, mut bad, mut notidem) = (0, 0, 0);
    for f in files {
        let bytes = std::fs::read(&f).unwrap();
        let Ok(t) = yaml::gate(&bytes) else {
            println!("gate {}", f.display());
            continue;
        };
        for c in yaml::split(t) {
            if !kinds::may_hold_workload(c.text) {
                continue;
            }
            match changes(t, &c) {
                None => {}
                Some(Ok((_, new))) => {
                    ok += 1;
                    let c2 = Chunk {
                        text: &new,
                        offset: 0,
                        line: 1,
                        content_on_separator: false,
                    };
                    if changes(&new, &c2).is_some() {
                        notidem += 1;
                        println!("NOTIDEM {}", f.display())
                    }
                    if std::env::args().nth(2).is_some() {
                        println!("--- {}\n{}", f.display(), new)
                    }
                }
                Some(Err(e)) => {
                    bad += 1;
                    println!("{}: {}", f.display(), e)
                }
            }
        }
    }
    println!("ok {ok} bad {bad} notidem {notidem}");
}
