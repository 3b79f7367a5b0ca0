//! The text of a config becomes a `Config`, or one error that names the place. Reads no other file.

use std::path::{Component, Path};

use anyhow::anyhow;
use globset::GlobBuilder;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::lines::{Lines, Place, Problem, each};
use super::rules::{Excludes, NamespaceRule, PathRule, Stated, Target};
use super::schema::{Written, WrittenKind, WrittenNamespace, WrittenPath};
use super::{Config, message, overrides};
use crate::checks::{Level, PolicyVersion};
use crate::kube::kinds::{self, OwnKind};
use crate::profiles::{self, Profile};

impl Config {
    /// Reads a config from text; `shown` is its name in messages.
    ///
    /// # Errors
    /// `PATH:LINE:COLUMN: what, and what to do`, for the first mistake.
    pub fn parse(text: &str, shown: &Path) -> anyhow::Result<Config> {
        let at = |place: Option<Place>, problem: &str| match place {
            Some(place) => anyhow!("{}:{place}: {problem}", shown.display()),
            None => anyhow!("{}: {problem}", shown.display()),
        };
        let lines = Lines::of(text);
        if let Some((place, problem)) = &lines.broken {
            return Err(at(Some(*place), &format!("is not YAML from here on: {problem}")));
        }
        if let Some((key, place, first)) = lines.duplicates.first() {
            return Err(at(
                Some(*place),
                &format!("`{key}` is already on line {first}; keep one of them"),
            ));
        }
        let written: Option<Written> = serde_yaml::from_str(text).map_err(|error| {
            let (place, problem) = message::of_reader(&error);
            at(place, &problem)
        })?;
        let built = build(written.unwrap_or_default(), &lines, shown);
        built.map_err(|(entry, problem)| at(Some(lines.place(&entry)), &format!("{entry}: {problem}")))
    }
}

fn build(written: Written, lines: &Lines, shown: &Path) -> Result<Config, Problem> {
    check_profile_dirs(&written)?;
    check_images(&written.images)?;
    Ok(Config {
        path: Some(shown.to_path_buf()),
        target: target("", written.level, written.policy_version, lines),
        kube_version: written.kube_version,
        accept: written.accept,
        platform: written.platform,
        read_only_root: written.read_only_root,
        assumed_comment: written.assumed_comment.unwrap_or(true),
        image_lines: (0..written.images.len())
            .map(|i| lines.line(&format!("images[{i}]")))
            .collect(),
        images: written.images,
        mirrors: each(written.mirrors, "mirrors", mirror)?,
        profile_dirs: written.profile_dirs,
        dockerfiles: Vec::new(),
        shared: Vec::new(),
        excludes: excludes(&written.exclude, lines)?,
        namespaces: each(written.namespaces, "namespaces", |rule, entry| {
            namespace(rule, entry, lines)
        })?,
        paths: each(written.paths, "paths", |rule, entry| path_rule(rule, entry, lines))?,
        overrides: overrides::read(written.overrides, &written.kinds, lines)?,
        kinds: each(written.kinds, "kinds", own_kind)?,
        base: None,
    })
}

fn target(entry: &str, level: Option<Level>, version: Option<PolicyVersion>, lines: &Lines) -> Target {
    let line = |key: &str| {
        lines.line(&if entry.is_empty() {
            key.to_string()
        } else {
            format!("{entry}.{key}")
        })
    };
    Target {
        level: level.map(|value| Stated {
            value,
            line: line("level"),
        }),
        policy_version: version.map(|value| Stated {
            value,
            line: line("policy-version"),
        }),
    }
}

fn check_images(images: &[Profile]) -> Result<(), Problem> {
    let problem = |(i, profile)| {
        profiles::problems(profile)
            .into_iter()
            .next()
            .map(|problem| problem.below(&format!("images[{i}]")))
            .map(|problem| (problem.at, problem.what))
    };
    images.iter().enumerate().find_map(problem).map_or(Ok(()), Err)
}

/// `..` and absolute paths would leave the repository; links are looked at when the folder is opened.
fn check_profile_dirs(written: &Written) -> Result<(), Problem> {
    let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    for (i, dir) in written.profile_dirs.iter().enumerate() {
        if dir.as_os_str().is_empty() || !dir.components().all(inside) {
            let problem = format!(
                "`{}` leaves the repository; name a folder below the config",
                dir.display()
            );
            return Err((format!("profile-dirs[{i}]"), problem));
        }
    }
    Ok(())
}

/// `harbor.corp/hub` without scheme and trailing slash; the first part must be a registry's host.
fn mirror(text: String, entry: &str) -> Result<String, Problem> {
    let prefix = text.trim_end_matches('/');
    let host = prefix.split('/').next().unwrap_or("");
    let is_host = host == "localhost" || host.contains(['.', ':']);
    let bad = |c: char| c.is_whitespace() || matches!(c, '@' | '*');
    if prefix.contains("://") || prefix.contains("//") || prefix.contains(bad) || !is_host {
        let problem = format!("`{text}` is not a registry; write its host and path, such as `harbor.corp/hub`");
        return Err((entry.to_string(), problem));
    }
    Ok(prefix.to_string())
}

fn excludes(written: &[String], lines: &Lines) -> Result<Excludes, Problem> {
    let mut builder = pattern_builder();
    let mut places = Vec::with_capacity(written.len());
    for (i, text) in written.iter().enumerate() {
        let entry = format!("exclude[{i}]");
        add_pattern(&mut builder, text).map_err(|problem| (entry.clone(), problem))?;
        places.push((text.clone(), lines.line(&entry)));
    }
    let patterns = builder
        .build()
        .map_err(|error| ("exclude".to_string(), error.to_string()))?;
    Ok(Excludes {
        patterns,
        lines: places,
    })
}

/// Git takes `[a` for a pattern that matches nothing: what it was to keep from being edited would be.
fn pattern_builder() -> GitignoreBuilder {
    let mut builder = GitignoreBuilder::new("");
    builder.allow_unclosed_class(false);
    builder
}

fn add_pattern(builder: &mut GitignoreBuilder, text: &str) -> Result<(), String> {
    let shape = "write a pattern as in .gitignore, such as `vendor/` or `*.gen.yaml`";
    if text.trim().is_empty() || text.starts_with('#') || text.contains(['\n', '\0']) {
        return Err(format!("`{}` is not a pattern; {shape}", text.escape_default()));
    }
    if text.starts_with("../") || text.starts_with("./") {
        return Err(format!(
            "`{text}` matches nothing; {shape}, from the config's folder down"
        ));
    }
    builder
        .add_line(None, text)
        .map(|_| ())
        .map_err(|error| format!("`{text}` is not a pattern ({error}); {shape}"))
}

fn path_rule(rule: WrittenPath, entry: &str, lines: &Lines) -> Result<PathRule, Problem> {
    let target = some_target(target(entry, rule.level, rule.policy_version, lines), entry)?;
    let pattern = single_pattern(&rule.path).map_err(|problem| (format!("{entry}.path"), problem))?;
    Ok(PathRule { pattern, target })
}

fn single_pattern(text: &str) -> Result<Gitignore, String> {
    if text.starts_with('!') {
        return Err(format!(
            "`{text}` says what not to match; the first rule that matches decides, so order them instead"
        ));
    }
    let mut builder = pattern_builder();
    add_pattern(&mut builder, text)?;
    builder.build().map_err(|error| error.to_string())
}

fn namespace(rule: WrittenNamespace, entry: &str, lines: &Lines) -> Result<NamespaceRule, Problem> {
    let target = some_target(target(entry, rule.level, rule.policy_version, lines), entry)?;
    let at_name = |problem: String| (format!("{entry}.name"), problem);
    if rule.name.is_empty() {
        return Err(at_name(
            "is empty; write a namespace's name or a glob such as `team-*`".to_string(),
        ));
    }
    let glob = GlobBuilder::new(&rule.name).build();
    let glob = glob.map_err(|error| at_name(format!("`{}` is not a glob: {}", rule.name, error.kind())))?;
    Ok(NamespaceRule {
        name: glob.compile_matcher(),
        target,
    })
}

fn some_target(target: Target, entry: &str) -> Result<Target, Problem> {
    if target == Target::default() {
        return Err((
            entry.to_string(),
            "decides nothing; add `level`, `policy-version` or both".to_string(),
        ));
    }
    Ok(target)
}

fn own_kind(written: WrittenKind, entry: &str) -> Result<OwnKind, Problem> {
    let WrittenKind { group, kind, pods } = written;
    let at = |key: &str, problem: String| Err((format!("{entry}.{key}"), problem));
    let is_host = |text: &str| {
        let part = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        text.split('.').all(part)
    };
    if !is_host(&group) {
        return at(
            "group",
            format!("`{group}` is not an API group; write what stands before the slash of `apiVersion`"),
        );
    }
    if kind.is_empty() || !kind.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return at("kind", format!("`{kind}` is not a kind; write it as the manifests do"));
    }
    if kinds::find(&format!("{group}/v1"), &kind).is_some() {
        return at("kind", format!("{kind} of {group} is known already; remove the entry"));
    }
    let is_way = |way: &String| {
        let step = |s: &str| s == "*" || !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        way.split('.').all(step)
    };
    match pods.iter().position(|way| !is_way(way)) {
        Some(i) => at(
            &format!("pods[{i}]"),
            "is not a way to a pod template or pod spec; write keys with dots, such as `spec.groups.*.template`"
                .to_string(),
        ),
        None if pods.is_empty() => at("pods", "is empty; name where the pod templates are".to_string()),
        None => Ok(OwnKind { group, kind, pods }),
    }
}
