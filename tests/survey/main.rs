//! What the survey finds in a repository, one file per kind of fact and a table per rule: files in, answers out.

#![allow(clippy::unwrap_used)]

mod claims;
mod kustomize;
mod laid;
mod namespaces;
mod repository;
mod services;

use std::path::PathBuf;

use harden::survey::{Place, Survey};

fn survey(files: &[(&str, &str)]) -> Survey {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (PathBuf::from(path), text.as_bytes()))
        .collect();
    Survey::of_texts(&files)
}

fn shown(place: &Place) -> String {
    format!("{}:{}", place.path.display(), place.line)
}

/// A Namespace `shop` with these labels, given without their prefix; the first stands on line 7.
fn namespace(labels: &[(&str, &str)]) -> String {
    let mut text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    app: shop\n".to_string();
    for (label, value) in labels {
        text += &format!("    pod-security.kubernetes.io/{label}: {value}\n");
    }
    text
}

/// Level, version, line of the deciding label and number of invalid labels.
fn target(survey: &Survey, name: &str) -> Option<String> {
    let target = survey.namespace(name)?;
    let (level, version, line) = (target.level, target.version, target.from.line);
    Some(format!(
        "{level} {version} line {line}, {} invalid",
        target.remarks.invalid.len()
    ))
}

/// A Pod in the namespace `shop` that mounts a claim.
fn pod(name: &str, claim: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  \
         containers:\n  - name: c\n    image: i\n    volumeMounts: [{{name: v, mountPath: /v}}]\n  \
         volumes:\n  - name: v\n    persistentVolumeClaim: {{claimName: {claim}}}\n"
    )
}

/// Selects `app: web` in the namespace `shop`.
const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec:\n  selector:\n    \
    app: web\n  ports:\n  - {port: 80, targetPort: http}\n  - port: 443\n    protocol: UDP\n";
